/** What the README of examples/private-protocol says, done. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { readSteps, runCommand, startCommand } from './readme.ts';

const steps = readSteps('private-protocol');
const isOffline = (command: string): boolean => !command.includes('call.ts');

test('the README has steps to try', () => {
  expect(steps.filter(({ output }) => output !== undefined)).toHaveLength(4);
  expect(steps.filter(({ output }) => output === undefined)).toHaveLength(3);
});

test.each(steps.filter(({ command, output }) => output !== undefined && isOffline(command)))(
  '$command',
  async ({ command, output }) => {
    expect(await runCommand(command)).toBe(output);
  },
);

/** The manifests with other ports, since tests take no fixed ones. */
function copyManifests(folder: string, ports: readonly (readonly [string, number])[]): void {
  cpSync(path.resolve(import.meta.dirname, '../../examples/private-protocol/manifests'), folder, { recursive: true });
  for (const file of readdirSync(folder)) {
    const text = readFileSync(path.join(folder, file), 'utf8');
    const replaced = ports.reduce((changed, [from, to]) => changed.replaceAll(from, String(to)), text);
    writeFileSync(path.join(folder, file), replaced);
  }
}

test('the service, the control plane and the proxy that the README starts answer its call as it says', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-private-protocol-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [service = 0, v1 = 0, v2 = 0, xds = 0, admin = 0, proxyAdmin = 0] = await freePorts(6);
  const manifests = path.join(folder, 'manifests');
  copyManifests(manifests, [
    ['7200', service],
    ['7201', v1],
    ['7202', v2],
  ]);
  const adapt = (command: string): string =>
    command
      .replace('-f examples/private-protocol/manifests', `-f ${manifests}`)
      .replace(`-f ${manifests}/codec.yaml`, '-f examples/private-protocol/manifests/codec.yaml')
      .replace('127.0.0.1:15010', `127.0.0.1:${xds}`)
      .replace(/service\.ts$/, `service.ts ${v1} ${v2}`)
      .replace(':7200', `:${service}`)
      .replace(/isthmus run .*/, `$& --xds 127.0.0.1:${xds} --admin 127.0.0.1:${admin} --state ${folder}/state`)
      .replace(/isthmus proxy .*/, `$& --admin 127.0.0.1:${proxyAdmin}`);
  const running = steps.filter(({ output }) => output === undefined).map(({ command }) => startCommand(adapt(command)));
  onTestFinished(async () => {
    for (const one of running.toReversed()) await one.stop();
  });
  const call = steps.find(({ command }) => !isOffline(command));
  if (call === undefined) throw new Error('the README has a call');
  await expect
    .poll(async () => withoutRequestIds(await runCommand(adapt(call.command)).catch((error: Error) => error.message)))
    .toBe(withoutRequestIds(call.output ?? ''));
});

/** Every call gets request ids of its own. */
function withoutRequestIds(text: string): string {
  return text.replace(/\bx-request-id=[0-9a-f-]{36}/g, 'x-request-id=...');
}
