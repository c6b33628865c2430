/**
 * The settings in force: those of the first MeshConfig, with what the first of Open Service Mesh's says besides, or the
 * defaults. Always there, under one key.
 */
import type { Collection, Context } from '../collections/collection.ts';
import type { Engine } from '../collections/engine.ts';
import { finding } from '../model/finding.ts';
import { type AccessMode, accessModes, type MeshSettings } from '../model/mesh-service.ts';
import type { MeshConfig, MeshRootCertificate, OsmMeshConfig } from '../resources/kinds.ts';
import { istioSettings } from './istio-settings.ts';
import { osmAccess, osmProblems, osmSettings } from './openservicemesh/osm-settings.ts';
import { meshWideLog, type Telemetries } from './openservicemesh/telemetries.ts';
import { about, byAge, type Described } from './resource-order.ts';
import { defaultRanges, type VirtualIpRanges } from './virtual-ips/virtual-ips.ts';

export const meshKey = 'mesh';

/** As its own installation has it. */
const defaultOsmNamespace = 'osm-system';

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
  /** The mode of access that some object says; nothing while none does. */
  readonly writtenAccess: Collection<AccessMode>;
  readonly writtenRanges: Collection<VirtualIpRanges>;
  /** Apart, since no translation depends on them. */
  readonly virtualIpRanges: Collection<VirtualIpRanges>;
}

interface SettingsTables {
  readonly MeshConfig: Collection<MeshConfig>;
  readonly OsmMeshConfig: Collection<OsmMeshConfig>;
  readonly MeshRootCertificate: Collection<MeshRootCertificate>;
}

/** What stays whatever is written, each under one key, and how the mesh logs. */
interface SurroundingSettings {
  /** The mode of access that was written last: it holds where none is written any more. */
  readonly keptAccess?: Collection<AccessMode>;
  /** Likewise the ranges of virtual IPs. */
  readonly keptRanges?: Collection<VirtualIpRanges>;
  /** The trust domain that certificates are issued for. */
  readonly fixedTrustDomain?: Collection<string>;
  readonly telemetries?: Telemetries;
}

export function meshSettings(
  engine: Engine,
  tables: SettingsTables,
  { keptAccess, keptRanges, fixedTrustDomain, telemetries }: SurroundingSettings = {},
): SettingsInForce {
  const mesh = engine.table('mesh', { key: () => meshKey });
  engine.batch(() => {
    mesh.setState('live');
    mesh.set({});
  });
  const all = engine.index('mesh configs', tables.MeshConfig, () => [meshKey]);
  const allOfOsm = engine.index('osm mesh configs', tables.OsmMeshConfig, () => [meshKey]);
  const roots = engine.index('root certificates of settings', tables.MeshRootCertificate, () => [meshKey]);
  const kept = (context: Context): AccessMode | undefined =>
    keptAccess === undefined ? undefined : context.get(keptAccess, meshKey);
  // Its kind has namespaces: whoever may write in another one does not speak for the mesh.
  const osmConfigs = (context: Context, ofOurs: readonly MeshConfig[]) => {
    const namespace = ofOurs.toSorted(byAge)[0]?.spec.osmNamespace ?? defaultOsmNamespace;
    const configs = context.lookup(allOfOsm, meshKey);
    const isHeeded = ({ metadata }: OsmMeshConfig): boolean => metadata.namespace === namespace;
    return { heeded: configs.filter(isHeeded), others: configs.filter((config) => !isHeeded(config)) };
  };
  const settings = engine.map('settings', mesh, (_, context): MeshSettings => {
    const ofOurs = context.lookup(all, meshKey);
    const own = firstOf(ofOurs, context);
    const ofOsm = osmConfigs(context, ofOurs);
    const osm = firstOf(ofOsm.heeded, context);
    for (const other of ofOsm.others) reportElsewhere(other, context);
    if (osm !== undefined) reportOsm(osm, own, context);
    const access = writtenMode(ofOurs, osm, kept(context)) ?? keptMode(kept(context), context);
    const written = own === undefined ? withoutOwn(context.lookup(roots, meshKey)) : settingsFrom(own);
    const fixed = fixedTrustDomain === undefined ? undefined : context.get(fixedTrustDomain, meshKey);
    const trustDomain = fixed ?? written.trustDomain;
    if (own !== undefined && trustDomain !== written.trustDomain) {
      const message = `Certificates are issued for ${trustDomain}, and go on to be.`;
      context.report(finding('ISTH1212', { ...about(own), path: 'spec.trustDomain', message }));
    }
    const writers = [own, osm].flatMap((config) => (config === undefined ? [] : [about(config).object]));
    const found = {
      ...written,
      ...(osm && osmSettings(osm)),
      ...(writers.length === 0 ? {} : { writtenBy: writers }),
      trustDomain,
      ...trustedBeside(trustDomain, own),
      access,
    };
    const telemetry = telemetries === undefined ? undefined : meshWideLog(context, telemetries, found);
    return telemetry === undefined ? found : { ...found, telemetry };
  });
  const writtenAccess = engine.map('written access', mesh, (_, context) => {
    const ofOurs = context.lookup(all, meshKey);
    const [osm] = osmConfigs(context, ofOurs).heeded.toSorted(byAge);
    return writtenMode(ofOurs, osm, kept(context));
  });
  const writtenRanges = engine.map('written virtual ip ranges', mesh, (_, context) => {
    const [first] = context.lookup(all, meshKey).toSorted(byAge);
    return first?.spec.virtualIps;
  });
  // An object that is away for a moment would move the addresses of a whole mesh.
  const virtualIpRanges = engine.map('virtual ip ranges', mesh, (_, context) => {
    const written = context.get(writtenRanges, meshKey);
    if (written !== undefined || keptRanges === undefined) return written ?? defaultRanges;
    return context.get(keptRanges, meshKey) ?? defaultRanges;
  });
  return { settings, writtenAccess, writtenRanges, virtualIpRanges };
}

/** Where ours disagree, the mode of before stays; where nobody said one before, the strictest holds. */
function writtenMode(
  own: readonly MeshConfig[],
  osm: OsmMeshConfig | undefined,
  kept: AccessMode | undefined,
): AccessMode | undefined {
  const modes = new Set(own.map(({ spec }) => spec.access.mode));
  if (kept !== undefined && modes.has(kept)) return kept;
  return accessModes.findLast((mode) => modes.has(mode)) ?? (osm === undefined ? undefined : osmAccess(osm));
}

/** What is deleted, or cannot be read, opens nothing. */
function keptMode(kept: AccessMode | undefined, context: Context): AccessMode {
  if (kept === undefined || kept === 'Disabled') return 'Disabled';
  const message = `No object says the mode of access any more: ${kept}, which was written last, stays in force.`;
  context.report(
    finding('ISTH1308', { object: { kind: 'MeshConfig', name: 'mesh' }, path: 'spec.access.mode', message }),
  );
  return kept;
}

/** A MeshRootCertificate says the trust domain where nothing of ours does. */
function withoutOwn(roots: readonly MeshRootCertificate[]): MeshSettings {
  const active = roots.toSorted(byAge).find(({ spec }) => spec.role === 'active');
  return active === undefined ? defaultSettings : { ...defaultSettings, trustDomain: active.spec.trustDomain };
}

function trustedBeside(trustDomain: string, own: MeshConfig | undefined): Pick<MeshSettings, 'otherDomains'> {
  const named = new Set(own?.spec.trustBundles.map((bundle) => bundle.trustDomain));
  named.delete(trustDomain);
  return named.size === 0 ? {} : { otherDomains: [...named].sort() };
}

/** The oldest; the others are told. */
function firstOf<T extends Described>(configs: readonly T[], context: Context): T | undefined {
  const [first, ...others] = configs.toSorted(byAge);
  for (const other of others) {
    const message = `${first?.metadata.name ?? ''} is in force instead.`;
    context.report(finding('ISTH0316', { ...about(other), message }));
  }
  return first;
}

function reportElsewhere(osm: OsmMeshConfig, context: Context): void {
  context.report(finding('ISTH1409', { ...about(osm), path: 'metadata.namespace', message: 'Nobody heeds it.' }));
}

function reportOsm(osm: OsmMeshConfig, own: MeshConfig | undefined, context: Context): void {
  for (const { code, path, message } of osmProblems(osm))
    context.report(finding(code, { ...about(osm), path: `spec.${path}`, message }));
  const mode = own?.spec.access.mode;
  if (mode === undefined || mode === osmAccess(osm)) return;
  const path = 'spec.traffic.enablePermissiveTrafficPolicyMode';
  const message = `It stands for access ${osmAccess(osm)}; isthmus.dev's MeshConfig says ${mode}, which is in force.`;
  context.report(finding('ISTH1402', { ...about(osm), path, message }));
}

/** What a derivation reads settings by. */
export function settingsOf(context: Context, settings: Collection<MeshSettings>): MeshSettings {
  return context.get(settings, meshKey) ?? defaultSettings;
}

/** But for the mode of access, which two objects may say. */
function settingsFrom({ spec }: MeshConfig): Omit<MeshSettings, 'access'> {
  const { trustDomain, clusterDomain, rootNamespace, accessLog, idleTimeout, istio } = spec;
  return {
    trustDomain,
    clusterDomain: clusterDomain.toLowerCase(),
    rootNamespace,
    accessLog,
    idleTimeoutMs: idleTimeout,
    ...(istio === undefined ? {} : { istio: istioSettings(istio) }),
  };
}
