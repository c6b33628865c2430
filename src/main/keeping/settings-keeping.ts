/**
 * Settings of the mesh around the pipeline: how objects say that calls are let through, and where virtual IPs come from, is
 * kept in the state folder, for when none says it.
 */
import { isRecord } from '../../delivery/files/journal-lines.ts';
import { type KeptSetting, SettingKeeper } from '../../delivery/files/setting-keeper.ts';
import type { StateFolder } from '../../delivery/files/state-folder.ts';
import { meshKey } from '../../mesh/settings.ts';
import type { VirtualIpRanges } from '../../mesh/virtual-ips/virtual-ips.ts';
import { IsthmusError } from '../../model/errors.ts';
import { type Finding, formatObject } from '../../model/finding.ts';
import { type AccessMode, accessModes } from '../../model/mesh-service.ts';
import type { Pipeline } from '../pipeline.ts';

export interface SettingsKeeping {
  findings(): readonly Finding[];
  close(): Promise<void>;
}

const accessMode: KeptSetting<AccessMode> = {
  file: {
    fileName: 'access-mode.json',
    header: { format: 'isthmus-access-mode', version: 1 },
    remedy: 'Write spec.access.mode in the MeshConfig of the mesh, then move the file away.',
  },
  what: 'mode of access',
  read: (stored) => (isRecord(stored) ? accessModes.find((mode) => mode === stored.mode) : undefined),
  write: (mode) => ({ mode }),
};

const virtualIpRanges: KeptSetting<VirtualIpRanges> = {
  file: {
    fileName: 'virtual-ip-ranges.json',
    header: { format: 'isthmus-virtual-ip-ranges', version: 1 },
    remedy: 'Write spec.virtualIps in the MeshConfig of the mesh, then move the file away.',
  },
  what: 'ranges of virtual IPs',
  read: (stored) => {
    if (!isRecord(stored) || typeof stored.quarantine !== 'number') return undefined;
    const [ipv4, ipv6] = [textsIn(stored.ipv4), textsIn(stored.ipv6)];
    return ipv4 === undefined || ipv6 === undefined ? undefined : { ipv4, ipv6, quarantine: stored.quarantine };
  },
  write: (ranges) => ranges,
};

function textsIn(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const texts = value.filter((one) => typeof one === 'string');
  return texts.length === value.length ? texts : undefined;
}

/**
 * To be started when all sources were read, before addresses are given. Throws STATE where what is kept cannot be read, and
 * BAD_DATA where nothing is kept and the object that says the mode of access was refused: the default would let everybody in.
 */
export async function startSettingsKeeping(pipeline: Pipeline, folder: StateFolder): Promise<SettingsKeeping> {
  const { engine, mesh, keptAccess, keptRanges } = pipeline;
  const access = await SettingKeeper.open({
    folder,
    setting: accessMode,
    show: (mode) => engine.batch(() => keptAccess.set(mode)),
  });
  const ranges = await SettingKeeper.open({
    folder,
    setting: virtualIpRanges,
    show: (kept) => engine.batch(() => keptRanges.set(kept)),
  });
  if (access.value === undefined) requireWrittenMode(pipeline);
  const stopAccess = engine.sink(mesh.writtenAccess, (diff) => {
    for (const { after } of diff) if (after !== undefined) access.note(after);
  });
  const stopRanges = engine.sink(mesh.writtenRanges, (diff) => {
    for (const { after } of diff) if (after !== undefined) ranges.note(after);
  });
  return {
    findings: () => [...access.findings(), ...ranges.findings()],
    close: async () => {
      stopAccess();
      stopRanges();
      await access.close();
      await ranges.close();
    },
  };
}

/**
 * Throws BAD_DATA where no object says the mode of access, and one that may have said it was refused: where nothing is kept
 * either, the default would be a guess that lets everybody in.
 */
export function requireWrittenMode({ mesh, sourced }: Pipeline): void {
  if (mesh.writtenAccess.get(meshKey) !== undefined) return;
  const refused = [...sourced.findings.values()].find(
    ({ severity, object }) => severity === 'error' && (object.kind === 'MeshConfig' || object.kind === 'OsmMeshConfig'),
  );
  if (refused === undefined) return;
  const { file, line } = refused.place ?? {};
  const place = file === undefined ? '' : ` in ${file} line ${line}`;
  throw new IsthmusError(
    'BAD_DATA',
    `${formatObject(refused.object)}${place} was refused (${refused.code}: ${refused.message}), so that nobody can tell who may call whom. Correct it, then try again.`,
  );
}
