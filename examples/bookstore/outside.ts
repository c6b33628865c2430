/** What is no part of the mesh, and in the network all the same: somebody who only looks in, an ingress, and httpbin.org, which is played here. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { logTo } from './control-plane.ts';
import type { Network } from './network.ts';
import { Visitor } from './visitor.ts';

const STRANGER = '10.42.0.99';
/** As steps/ingress has it. */
const INGRESS = '10.42.0.70';
const HTTPBIN = '10.42.0.80';

/** How sidecars resolve names of the world outside: by another resolver than their programs, to whom the mesh answers. */
export const outsideHosts = `127.0.0.1 localhost\n${HTTPBIN} httpbin.org\n`;

export async function startStranger(network: Network): Promise<Visitor> {
  return new Visitor(await network.join(STRANGER));
}

export async function startIngress(network: Network): Promise<Visitor> {
  return new Visitor(await network.join(INGRESS));
}

export async function startHttpbin(network: Network, folder: string): Promise<void> {
  mkdirSync(folder);
  const key = path.join(folder, 'key.pem');
  const certificate = path.join(folder, 'certificate.pem');
  makeCertificate('httpbin.org', key, certificate);
  const place = await network.join(HTTPBIN);
  const command = [process.execPath, path.join(import.meta.dirname, 'programs/httpbin.ts')];
  const env = { ...process.env, KEY: key, CERTIFICATE: certificate };
  place.start(command, { stdio: logTo(path.join(folder, 'program.log')), env });
}

function makeCertificate(name: string, key: string, certificate: string): void {
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  const whose = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];
  const { status, stderr } = spawnSync('openssl', [...request, ...whose, '-keyout', key, '-out', certificate]);
  if (status !== 0) throw new Error(`openssl made no certificate: ${stderr}`);
}
