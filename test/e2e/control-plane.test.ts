/** The control plane as a process: what its operators rely on when it starts, restarts, stops, or may not start. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

const program = path.resolve(import.meta.dirname, '../../dist/isthmus.mjs');
const manifests = path.resolve(import.meta.dirname, '../../examples/quickstart/manifests');
const folder = mkdtempSync(path.join(os.tmpdir(), 'isthmus-plane-'));
const running = new Set<ChildProcess>();

afterEach(async () => {
  for (const child of running) {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
  rmSync(folder, { recursive: true, force: true });
});

/** Resolves with its addresses when it serves, or with its exit code and what it said. */
async function start(xds = '127.0.0.1:0') {
  const state = path.join(folder, 'state');
  const parameters = ['run', '-f', manifests, '--state', state, '--xds', xds, '--admin', '127.0.0.1:0'];
  const child = spawn(process.execPath, [program, ...parameters, '--log-format', 'json'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  let log = '';
  const served = new Promise<void>((resolve) => {
    child.stderr.on('data', (chunk: Buffer) => {
      log += String(chunk);
      if (log.includes('"msg":"serving"')) resolve();
    });
  });
  await Promise.race([served, once(child, 'close')]);
  const address = (name: string): string => new RegExp(`"${name}":"([^"]+)"`).exec(log)?.[1] ?? '';
  return { child, code: child.exitCode, log, xds: address('xds'), admin: address('admin') };
}

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

async function stop(child: ChildProcess): Promise<unknown> {
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  return (await gone)[0];
}

describe('the control plane', () => {
  it('ends with 0 when asked to, and gives each host the same lease after a restart', async () => {
    const first = await start();
    expect((await ask(first.admin, '/readyz')).status).toBe(200);
    const leases = await ask(first.admin, '/api/v1/virtual-ips');
    expect(JSON.parse(leases.body)).toHaveLength(2);
    expect(await stop(first.child)).toBe(0);
    const second = await start();
    expect((await ask(second.admin, '/api/v1/virtual-ips')).body).toBe(leases.body);
  });

  it('answers no web page that was pointed at its admin address', async () => {
    const { admin } = await start();
    expect((await ask(admin, '/api/v1/findings', 'evil.example')).status).toBe(403);
    expect((await ask(admin, '/api/v1/findings')).status).toBe(200);
  });

  it('refuses a state folder that another control plane holds', async () => {
    await start();
    const second = await start();
    expect([second.code, second.log]).toEqual([
      expect.any(Number),
      expect.stringContaining('in use by another control plane'),
    ]);
    expect(second.code).not.toBe(0);
  });
});
