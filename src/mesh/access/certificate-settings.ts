/** Who issues certificates, by the first MeshConfig; where it names nobody, by MeshRootCertificates. */
import type { Collection, Context } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { type CertificateSettings, defaultIssuer, type IssuerPlace } from '../../model/certificate-settings.ts';
import { finding } from '../../model/finding.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import type { MeshCertificates, MeshConfig, MeshRootCertificate } from '../../resources/kinds.ts';
import { about, byAge } from '../resource-order.ts';
import { meshKey } from '../settings.ts';
import { type RootIssuers, rootIssuers } from './root-certificates.ts';

const longestLeafMs = 24 * 3_600_000;
const defaults: MeshCertificates = { settle: 60_000 };

interface CertificateInputs {
  readonly settings: Collection<MeshSettings>;
  readonly meshConfigs: Collection<MeshConfig>;
  readonly roots: Collection<MeshRootCertificate>;
}

/** Always there, under the key of the mesh. */
export function certificateSettings(
  engine: Engine,
  { settings, meshConfigs, roots }: CertificateInputs,
): Collection<CertificateSettings> {
  const configs = engine.index('mesh configs of certificates', meshConfigs, () => [meshKey]);
  const allRoots = engine.index('root certificates', roots, () => [meshKey]);
  return engine.map('certificate settings', settings, (now, context): CertificateSettings => {
    const [own] = context.lookup(configs, meshKey).toSorted(byAge);
    const written = own?.spec.certificates ?? defaults;
    const found = context.lookup(allRoots, meshKey).toSorted(byAge);
    const named = placeOf(written);
    const issuers = named === undefined ? issuersOf(found, written, now, context) : { signing: named, trusted: [] };
    if (named !== undefined) for (const root of found) reportOverruled(root, context);
    return {
      ...issuers,
      leafLifetimeMs: written.lifetime ?? now.leafLifetimeMs ?? longestLeafMs,
      settleMs: written.settle,
      trustBundles: (own?.spec.trustBundles ?? [])
        .filter(({ trustDomain }) => trustDomain !== now.trustDomain)
        .toSorted((a, b) => (a.trustDomain < b.trustDomain ? -1 : 1)),
    };
  });
}

function issuersOf(
  roots: readonly MeshRootCertificate[],
  { secretsFolder }: MeshCertificates,
  { trustDomain }: MeshSettings,
  context: Context,
): RootIssuers {
  if (roots.length === 0) return { signing: defaultIssuer, trusted: [] };
  return rootIssuers(roots, { trustDomain, secretsFolder }, context);
}

function reportOverruled(root: MeshRootCertificate, context: Context): void {
  const message = "It is not in force: isthmus.dev's MeshConfig names the issuer.";
  context.report(finding('ISTH1211', { ...about(root), path: 'spec.provider', message }));
}

/** The schema sees to it that what an issuer needs is there. */
function placeOf({ issuer, files, vault }: MeshCertificates): IssuerPlace | undefined {
  if (issuer === 'Files' && files !== undefined) {
    const { folder, ...names } = files;
    return { kind: 'Files', folder, names };
  }
  if (issuer === 'Vault' && vault !== undefined) return { kind: 'Vault', ...vault };
  return issuer === 'BuiltIn' ? defaultIssuer : undefined;
}
