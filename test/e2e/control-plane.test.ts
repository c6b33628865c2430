/** The control plane as a process: what its operators rely on when it starts, restarts, stops, or may not start. */
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  freePorts,
  quickstartManifests,
  type RunningIsthmus,
  runIsthmus,
  startIsthmus,
  temporaryFolder,
} from './isthmus-process.ts';

const parameters = (folder: string) => ['-f', quickstartManifests, '--state', folder, ...freePorts];

async function ask(admin: string, at: string, host = admin): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = http.get(`http://${admin}${at}`, { headers: { host } }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += String(chunk)));
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.once('error', reject);
  });
}

async function stop({ process, ended }: RunningIsthmus): Promise<unknown> {
  process.kill('SIGTERM');
  return ended;
}

describe('the control plane', () => {
  it('ends with 0 when asked to, and gives each host the same lease after a restart', async () => {
    const state = await temporaryFolder();
    const first = await startIsthmus(parameters(state));
    expect((await ask(first.admin, '/readyz')).status).toBe(200);
    const leases = await ask(first.admin, '/api/v1/virtual-ips');
    expect(JSON.parse(leases.body)).toHaveLength(2);
    expect(await stop(first)).toBe(0);
    const second = await startIsthmus(parameters(state));
    expect((await ask(second.admin, '/api/v1/virtual-ips')).body).toBe(leases.body);
  });

  it('goes on denying when the MeshConfig that said so is gone, also after a restart', async () => {
    const [state, manifests] = [await temporaryFolder(), await temporaryFolder()];
    const config = 'apiVersion: isthmus.dev/v1alpha1\nkind: MeshConfig\nmetadata: { name: mesh }\n';
    const write = (spec: string) => writeFileSync(path.join(manifests, 'mesh.yaml'), `${config}spec: ${spec}\n`);
    write('{ access: { mode: Enforced } }');
    const run = () => startIsthmus(['-f', manifests, '--state', state, ...freePorts]);
    const codes = async ({ admin }: RunningIsthmus): Promise<readonly string[]> =>
      JSON.parse((await ask(admin, '/api/v1/findings')).body).map(({ code }: { readonly code: string }) => code);
    const first = await run();
    write('{ idleTimeout: 5s }');
    await expect.poll(() => codes(first)).toContain('ISTH1308');
    await stop(first);
    const second = await run();
    expect(await codes(second)).toContain('ISTH1308');
    write('{ access: { mode: Disabled } }');
    await expect.poll(() => codes(second)).not.toContain('ISTH1308');
  });

  it('answers no web page that was pointed at its admin address', async () => {
    const { admin } = await startIsthmus(parameters(await temporaryFolder()));
    expect((await ask(admin, '/api/v1/findings', 'evil.example')).status).toBe(403);
    expect((await ask(admin, '/api/v1/findings')).status).toBe(200);
  });

  it('refuses a state folder that another control plane holds', async () => {
    const state = await temporaryFolder();
    await startIsthmus(parameters(state));
    expect(await runIsthmus(['run', ...parameters(state)])).toMatchObject({
      code: 69,
      stderr: expect.stringContaining('in use by another control plane'),
    });
  });
});
