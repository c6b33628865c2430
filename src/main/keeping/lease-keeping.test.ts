import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Engine } from '../../collections/engine.ts';
import { NodeStateFolder } from '../../delivery/files/state-folder.ts';
import { meshConfig, serviceEntry } from '../../mesh/mesh-fixture.ts';
import { createLogger } from '../../operations/log.ts';
import { setStates } from '../../sources/resource-tables.ts';
import { buildPipeline, type Pipeline } from '../pipeline.ts';
import { type LeaseKeeping, startLeaseKeeping } from './lease-keeping.ts';
import { leasesInFolder } from './lease-place.ts';

const silent = createLogger({ level: 'error', format: 'json' }, () => {});
const entries = ['kept', 'gone'].map((name) =>
  serviceEntry(`shop/${name}`, {
    hosts: [`${name}.mesh`],
  }),
);
const otherRanges = meshConfig('mesh', {
  virtualIps: { ipv4: ['10.77.0.0/16'], ipv6: [], quarantine: 1_000 },
});

let folder: string;
let pipeline: Pipeline;
let keeping: LeaseKeeping;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isthmus-keeping-'));
  pipeline = buildPipeline(new Engine({ validate: true }));
  const { engine, sourced } = pipeline;
  engine.batch(() => {
    for (const table of Object.values(sourced.resources)) table.setState('live');
    sourced.findings.setState('live');
    for (const entry of entries) sourced.resources.ServiceEntry.set(entry);
  });
  keeping = await startLeaseKeeping(pipeline, leasesInFolder(new NodeStateFolder(folder)), () => true, silent);
  await keeping.settled();
});

afterEach(async () => {
  await keeping.close();
  await rm(folder, { recursive: true, force: true });
});

const states = () => Object.fromEntries(keeping.all().map(({ key, state }) => [key, state]));

it('what nobody claims is let go as soon as the source is live, whatever else that changes', async () => {
  const { engine, sourced } = pipeline;
  await keeping.close();
  engine.batch(() => sourced.resources.ServiceEntry.delete(entries[1]?.key ?? ''));
  let isLive = false;
  keeping = await startLeaseKeeping(pipeline, leasesInFolder(new NodeStateFolder(folder)), () => isLive, silent);
  await keeping.settled();
  expect(states()).toEqual({ 'shop/kept.mesh': 'bound', 'shop/gone.mesh': 'bound' });
  isLive = true;
  engine.batch(() => setStates(sourced, 'live'));
  await keeping.settled();
  expect(states()).toEqual({ 'shop/kept.mesh': 'bound', 'shop/gone.mesh': 'tombstone' });
});

it.each([
  ['in the same batch as', 0],
  ['right after', 1],
  ['a moment after', 3],
])('a host that goes %s a change of the ranges is let go all the same', async (_, turns) => {
  const { engine, sourced } = pipeline;
  const remove = () => sourced.resources.ServiceEntry.delete(entries[1]?.key ?? '');
  engine.batch(() => {
    sourced.resources.MeshConfig.set(otherRanges);
    if (turns === 0) remove();
  });
  // The book of leases is changed once what is under way is on disk: in between nobody listens to the mesh.
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
  if (turns > 0) engine.batch(remove);
  await keeping.settled();
  expect(states()).toEqual({ 'shop/kept.mesh': 'bound', 'shop/gone.mesh': 'tombstone' });
  expect(keeping.all().map(({ key, outsideRanges }) => [key, outsideRanges])).toEqual([
    ['shop/gone.mesh', undefined],
    ['shop/kept.mesh', true],
  ]);
});
