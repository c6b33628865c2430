import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Engine } from '../../collections/engine.ts';
import { NodeStateFolder } from '../../delivery/files/state-folder.ts';
import { meshConfig } from '../../mesh/mesh-fixture.ts';
import { meshKey } from '../../mesh/settings.ts';
import { finding } from '../../model/finding.ts';
import { buildPipeline, type Pipeline } from '../pipeline.ts';
import { startSettingsKeeping } from './settings-keeping.ts';

const virtualIps = { ipv4: ['10.77.0.0/16'], ipv6: [], quarantine: 1_000 };
const enforced = meshConfig('mesh', { virtualIps, access: { mode: 'Enforced' } });

let folder: string;
const state = () => new NodeStateFolder(folder);
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isthmus-settings-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function pipelineOf(...configs: readonly (typeof enforced)[]): Pipeline {
  const pipeline = buildPipeline(new Engine({ validate: true }));
  const { engine, sourced } = pipeline;
  engine.batch(() => {
    for (const table of Object.values(sourced.resources)) table.setState('live');
    sourced.findings.setState('live');
    for (const config of configs) sourced.resources.MeshConfig.set(config);
  });
  return pipeline;
}

const shown = ({ mesh }: Pipeline) => ({
  access: mesh.settings.get(meshKey)?.access,
  ranges: mesh.virtualIpRanges.get(meshKey),
});

it('settings stay as they were written last while nothing says them, and after a restart', async () => {
  const pipeline = pipelineOf(enforced);
  const keeping = await startSettingsKeeping(pipeline, state());
  const asWritten = { access: 'Enforced', ranges: virtualIps };
  expect(shown(pipeline)).toEqual(asWritten);
  await vi.waitFor(() => expect(pipeline.keptRanges.size).toBe(1));
  pipeline.engine.batch(() => pipeline.sourced.resources.MeshConfig.delete(enforced.key));
  expect(shown(pipeline)).toEqual(asWritten);
  await keeping.close();
  const next = pipelineOf();
  const again = await startSettingsKeeping(next, state());
  expect(shown(next)).toEqual(asWritten);
  await again.close();
});

it('a start does not guess the mode of access where the object that says it was refused, and none is kept', async () => {
  const refused = finding('ISTH0103', {
    object: { kind: 'MeshConfig', name: 'mesh' },
    message: 'spec.access.mode is no text.',
    place: { file: 'mesh.yaml', line: 3, column: 1 },
  });
  const start = (pipeline: Pipeline) => {
    pipeline.engine.batch(() => pipeline.sourced.findings.set(refused));
    return startSettingsKeeping(pipeline, state());
  };
  await expect(start(pipelineOf())).rejects.toThrow(/MeshConfig mesh in mesh\.yaml line 3 was refused .*Correct it/);
  const keeping = await start(pipelineOf(enforced));
  await keeping.close();
  const kept = pipelineOf();
  const again = await start(kept);
  expect(shown(kept).access).toBe('Enforced');
  await again.close();
});
