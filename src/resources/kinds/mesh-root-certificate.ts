/** config.openservicemesh.io MeshRootCertificate: who signs, and who is trusted. v1alpha1 has neither a role nor a trust domain. */
import { ipFamily } from '../addresses.ts';
import { readCrdSchema } from '../crd-files.ts';
import type { CheckedObject } from '../kind-reader.ts';
import { type Conversion, defineVersion, defineVersionedKind } from '../kind-versions.ts';
import { isDnsSubdomain, isHostName } from '../kubernetes-names.ts';
import { quote } from '../problem.ts';
import type { MeshRootCertificate, OsmCertificateProvider } from '../types/osm-config.ts';
import { configGroup } from './osm-rules.ts';

type Spec = MeshRootCertificate['spec'];
type Role = Spec['role'];

interface SecretContent {
  readonly name: string;
  readonly namespace?: string;
}

/** CEL sees to it that there is one. */
interface ProviderContent {
  readonly tresor?: { readonly secretName?: string; readonly ca?: { readonly secretRef: SecretContent } };
  readonly certManager?: { readonly issuerName: string; readonly issuerKind: string; readonly issuerGroup: string };
  readonly vault?: {
    readonly host: string;
    readonly port?: number;
    readonly role: string;
    readonly protocol: 'http' | 'https';
    /** v1alpha1 has the secret itself here. */
    readonly token?: string | { readonly secretKeyRef: SecretContent & { readonly key: string } };
  };
}

interface Content extends CheckedObject {
  readonly spec: {
    readonly provider: ProviderContent;
    readonly trustDomain?: string;
    readonly role?: Role;
    readonly intent?: Role;
    readonly spiffeEnabled?: boolean;
  };
}

const defaults = { trustDomain: 'cluster.local', vaultPort: 8200 };

export const meshRootCertificate = defineVersionedKind<MeshRootCertificate>({
  info: { kind: 'MeshRootCertificate', group: configGroup, plural: 'meshrootcertificates', scope: 'Namespaced' },
  versions: ['v1alpha2', 'v1alpha1'].map((version) =>
    defineVersion({
      version,
      schema: () => readCrdSchema('mesh-root-certificate', version),
      options: { everyFieldRestricts: true },
      convert: readRoot,
    }),
  ),
  build: (spec, head) => ({ kind: 'MeshRootCertificate', ...head, spec }),
});

function readRoot({ spec }: Content, conversion: Conversion): Spec {
  const { problems } = conversion;
  const { trustDomain = defaults.trustDomain, role, intent, spiffeEnabled = false, provider } = spec;
  if (!isDnsSubdomain(trustDomain)) {
    const message = `${quote(trustDomain)} is no trust domain.`;
    problems.add(
      'ISTH0201',
      ['spec', 'trustDomain'],
      message,
      'Write a DNS name in lower case, such as cluster.local.',
    );
  }
  if (role !== undefined && intent !== undefined) {
    problems.add('ISTH0206', ['spec', 'intent'], 'role and intent are two names of one thing.', 'Keep role.');
  }
  return { trustDomain, role: role ?? intent ?? 'active', spiffeEnabled, provider: readProvider(provider, conversion) };
}

function readProvider(provider: ProviderContent, conversion: Conversion): OsmCertificateProvider {
  const { tresor, certManager, vault } = provider;
  if (certManager !== undefined) {
    const { issuerName, issuerKind, issuerGroup } = certManager;
    return { kind: 'certManager', issuerName, issuerKind, issuerGroup };
  }
  if (vault !== undefined) return readVault(vault, conversion);
  const { secretName = '', ca } = tresor ?? {};
  const secret = ca?.secretRef ?? (secretName === '' ? undefined : { name: secretName });
  return { kind: 'tresor', ...(secret === undefined ? {} : { secret: readSecret(secret, conversion) }) };
}

function readVault(vault: NonNullable<ProviderContent['vault']>, conversion: Conversion): OsmCertificateProvider {
  const { host, port = defaults.vaultPort, role, protocol, token } = vault;
  const path = ['spec', 'provider', 'vault'];
  if (!isHostName(host) && ipFamily(host) === 0) {
    conversion.problems.add('ISTH0201', [...path, 'host'], `${quote(host)} is no host name.`);
  }
  // What it says is not to get into dumps and logs: it is dropped here.
  if (typeof token === 'string') {
    const message = 'A token in a manifest is not read: it would be there for everyone to see.';
    conversion.problems.add(
      'ISTH0114',
      [...path, 'token'],
      message,
      'Put it into a Secret, and name that in v1alpha2.',
    );
  }
  const reference = typeof token === 'string' ? undefined : token?.secretKeyRef;
  return {
    kind: 'vault',
    ...{ protocol, host, port, role },
    ...(reference === undefined ? {} : { token: { ...readSecret(reference, conversion), key: reference.key } }),
  };
}

function readSecret({ name, namespace = '' }: SecretContent, conversion: Conversion) {
  return { namespace: namespace === '' ? conversion.namespace : namespace, name };
}
