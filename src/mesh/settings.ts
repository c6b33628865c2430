/** The settings in force: those of the first MeshConfig, or the defaults. Always there, under one key. */
import type { Collection, Context } from '../collections/collection.ts';
import type { Engine } from '../collections/engine.ts';
import { finding } from '../model/finding.ts';
import type { MeshSettings } from '../model/mesh-service.ts';
import type { MeshConfig } from '../resources/kinds.ts';
import { about, byAge } from './resource-order.ts';
import { defaultRanges, type VirtualIpRanges } from './virtual-ips.ts';

export const meshKey = 'mesh';

const defaultSettings: MeshSettings = {
  trustDomain: 'cluster.local',
  clusterDomain: 'cluster.local',
  rootNamespace: 'isthmus-system',
  accessLog: { path: '', encoding: 'TEXT' },
  idleTimeoutMs: 0,
  access: 'Disabled',
};

export interface SettingsInForce {
  readonly settings: Collection<MeshSettings>;
  /** Apart, since no translation depends on them. */
  readonly virtualIpRanges: Collection<VirtualIpRanges>;
}

export function meshSettings(engine: Engine, meshConfigs: Collection<MeshConfig>): SettingsInForce {
  const mesh = engine.table('mesh', { key: () => meshKey });
  engine.batch(() => {
    mesh.setState('live');
    mesh.set({});
  });
  const all = engine.index('mesh configs', meshConfigs, () => [meshKey]);
  const settings = engine.map('settings', mesh, (_, context) => {
    const [first, ...others] = context.lookup(all, meshKey).toSorted(byAge);
    for (const other of others) {
      context.report(
        finding('ISTH0316', { ...about(other), message: `${first?.metadata.name ?? ''} is in force instead.` }),
      );
    }
    return first === undefined ? defaultSettings : settingsFrom(first);
  });
  const virtualIpRanges = engine.map('virtual ip ranges', mesh, (_, context) => {
    const [first] = context.lookup(all, meshKey).toSorted(byAge);
    return first?.spec.virtualIps ?? defaultRanges;
  });
  return { settings, virtualIpRanges };
}

/** What a derivation reads settings by. */
export function settingsOf(context: Context, settings: Collection<MeshSettings>): MeshSettings {
  return context.get(settings, meshKey) ?? defaultSettings;
}

function settingsFrom(config: MeshConfig): MeshSettings {
  const { trustDomain, clusterDomain, rootNamespace, accessLog, idleTimeout, access } = config.spec;
  return {
    trustDomain,
    clusterDomain: clusterDomain.toLowerCase(),
    rootNamespace,
    accessLog,
    idleTimeoutMs: idleTimeout,
    access: access.mode,
  };
}
