/**
 * Open Service Mesh's MeshRootCertificates, read as issuers: the active one signs, a passive one is trusted. Which root a proxy
 * has to know before another signs is seen to by who takes over (security/issuer-succession.ts), so that no change of a role,
 * however it is made, takes trust from anybody. What cannot be followed is named in findings.
 */
import type { Context } from '../../collections/collection.ts';
import type { IssuerPlace } from '../../model/certificate-settings.ts';
import { finding } from '../../model/finding.ts';
import type { FindingCode } from '../../model/finding-catalogue.ts';
import type { MeshRootCertificate } from '../../resources/kinds.ts';
import { about } from '../resource-order.ts';

export interface RootIssuers {
  readonly signing?: IssuerPlace;
  readonly trusted: readonly IssuerPlace[];
}

export interface RootSurroundings {
  readonly trustDomain: string;
  /** Where Secrets are mounted. */
  readonly secretsFolder: string | undefined;
}

/** Keys of osm-ca-bundle; the root is the authority. */
const osmFileNames = { roots: 'ca.crt', certificate: 'ca.crt', key: 'private.key', chain: 'chain.crt' } as const;
const usableAtMost = 2;

/** `roots` in order of their age. */
export function rootIssuers(
  roots: readonly MeshRootCertificate[],
  surroundings: RootSurroundings,
  context: Context,
): RootIssuers {
  const usable = roots.filter(({ spec }) => spec.role !== 'inactive');
  for (const root of usable.slice(usableAtMost))
    report(context, root, 'ISTH1211', 'role', 'Two are in use already: of more, none is.');
  const chosen = usable.slice(0, usableAtMost);
  const active = chosen.filter(({ spec }) => spec.role === 'active');
  const [, second] = chosen;
  if (active.length === 0) {
    for (const root of chosen)
      report(context, root, 'ISTH1211', 'role', 'It is passive, and none is active: who signs now goes on.');
  } else if (active.length === 2 && second !== undefined) {
    report(context, second, 'ISTH1213', 'role', 'Two are active: the older one signs, and this one is trusted.');
  }
  const place = (root: MeshRootCertificate): readonly IssuerPlace[] => placeOf(root, surroundings, context);
  const [signing] = active.slice(0, 1).flatMap(place);
  const trusted = chosen.filter((root) => root !== active[0]).flatMap(place);
  return { ...(signing === undefined ? {} : { signing }), trusted };
}

/** None where it cannot be followed. */
function placeOf(
  root: MeshRootCertificate,
  { trustDomain, secretsFolder }: RootSurroundings,
  context: Context,
): readonly IssuerPlace[] {
  const { namespace, name } = root.metadata;
  const { provider } = root.spec;
  if (root.spec.trustDomain !== trustDomain) {
    report(context, root, 'ISTH1211', 'trustDomain', `The trust domain of the mesh is ${trustDomain}.`);
    return [];
  }
  if (provider.kind === 'certManager') {
    report(context, root, 'ISTH1211', 'provider.certManager', 'Certificates of cert-manager need Kubernetes.');
    return [];
  }
  if (provider.kind === 'tresor') {
    const { secret } = provider;
    if (secret !== undefined && secretsFolder !== undefined)
      return [{ kind: 'Files', folder: `${secretsFolder}/${secret.namespace}/${secret.name}`, names: osmFileNames }];
    if (secret !== undefined) {
      const message = `The authority is one in the state folder, not that of the Secret ${secret.namespace}/${secret.name}.`;
      report(context, root, 'ISTH1213', 'provider.tresor.ca.secretRef', message);
    }
    return [{ kind: 'BuiltIn', name: `${namespace}.${name}` }];
  }
  const { protocol, host, port, role, token } = provider;
  if (token === undefined || secretsFolder === undefined) {
    const message = 'Its token is in a Secret, and no folder is named where Secrets are mounted.';
    report(context, root, 'ISTH1211', 'provider.vault.token', message);
    return [];
  }
  const address = `${protocol}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const tokenFile = `${secretsFolder}/${token.namespace}/${token.name}/${token.key}`;
  return [{ kind: 'Vault', address, mount: 'pki', role, tokenFile }];
}

function report(context: Context, root: MeshRootCertificate, code: FindingCode, path: string, message: string): void {
  context.report(finding(code, { ...about(root), path: `spec.${path}`, message }));
}
