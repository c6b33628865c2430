import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { clusterType } from '../../../src/delivery/xds/resources/resource-types.ts';
import { RawClient } from './raw-client.ts';
import { node, said } from './rig.ts';

const program = path.join(import.meta.dirname, 'serve.ts');
const nodeProgram = path.resolve(import.meta.dirname, '../../../node_modules/.bin/node');
const anyType = 'type.googleapis.com/test.Anything';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'isthmus-xds-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('the program serves files, takes batches, and tells what clients have', async () => {
  const file = path.join(folder, 'resources.yaml');
  writeFileSync(
    file,
    `'@type': ${clusterType}\nname: a\nconnect_timeout: 1s\n---\n- { '@type': ${anyType}, name: x, bytes: ${btoa('x=1')} }\n`,
  );
  const serve = spawn(nodeProgram, [program, file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: serve.stdout })[Symbol.asyncIterator]();
  const line = async (): Promise<unknown> => JSON.parse((await lines.next()).value ?? 'null');
  const tell = (command: unknown): Promise<unknown> => {
    serve.stdin.write(`${JSON.stringify(command)}\n`);
    return line();
  };
  const exited = new Promise((resolve) => serve.once('exit', resolve));
  const address = await line();
  expect(address).toEqual({ host: '127.0.0.1', port: expect.any(Number) });
  const target = Object.values(Object(address)).join(':');
  const client = new RawClient(target, 'delta');
  client.send({ node: node(), typeUrl: clusterType });
  const clusters = await client.next();
  expect(clusters.resources.map(({ name }) => name)).toEqual(['a']);
  client.acknowledge(clusters);
  client.send({ typeUrl: anyType, resourceNamesSubscribe: ['x'] });
  client.acknowledge(await client.next());
  expect(
    await tell({
      set: [{ '@type': anyType, name: 'x', bytes: btoa('x=2') }],
      remove: [{ '@type': clusterType, name: 'a' }],
    }),
  ).toEqual({
    applied: 2,
  });
  expect([said(await client.next()), said(await client.next())]).toEqual([
    { resources: [], removed: ['a'] },
    { resources: ['x=2'], removed: [] },
  ]);
  expect(await tell({ status: true })).toMatchObject({ streams: [{ proxy: { kind: 'envoy' } }], findings: [] });
  expect(await tell({ set: [{ '@type': 'type.googleapis.com/no.Such', name: 'y' }] })).toEqual({
    error: expect.stringContaining('no.Such is not known here'),
  });
  await client.close();
  serve.stdin.end();
  expect(await exited).toBe(0);
});
