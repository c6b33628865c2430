/** isthmus.dev MeshConfig: schema and defaults stand in crds/mesh-config.yaml; what CEL cannot say of addresses stands here. */
import { type AddressRange, overlap, parseRange } from '../addresses.ts';
import { readCrdSchema } from '../crd-files.ts';
import { millisecondsOf } from '../duration-rules.ts';
import { defineKind } from '../kind-reader.ts';
import type { ObjectMetadata } from '../metadata.ts';
import { type Problems, quote } from '../problem.ts';
import type { IstioSpec, MeshCertificates, MeshConfig } from '../types/isthmus.ts';

/** An object once the schema's defaults are filled in. */
interface Content {
  readonly metadata: ObjectMetadata;
  readonly spec: {
    readonly trustDomain: string;
    readonly clusterDomain: string;
    readonly rootNamespace: string;
    readonly osmNamespace: string;
    readonly virtualIps: {
      readonly ipv4: readonly string[];
      readonly ipv6: readonly string[];
      readonly quarantine: string;
    };
    readonly accessLog: { readonly path: string; readonly encoding: 'TEXT' | 'JSON'; readonly format?: string };
    readonly idleTimeout: string;
    readonly access: { readonly mode?: 'Disabled' | 'Permissive' | 'Enforced' };
    readonly certificates: CertificatesContent;
    readonly trustBundles: readonly { readonly trustDomain: string; readonly file: string }[];
    readonly istio?: IstioSpec;
  };
}

interface CertificatesContent extends Omit<MeshCertificates, 'lifetime' | 'settle'> {
  readonly lifetime?: string;
  readonly settle: string;
}

export const meshConfig = defineKind<Content, MeshConfig>({
  info: {
    kind: 'MeshConfig',
    group: 'isthmus.dev',
    plural: 'meshconfigs',
    versions: ['v1alpha1'],
    scope: 'Cluster',
    keepsOut: true,
  },
  schema: () => readCrdSchema('mesh-config'),
  // Where `access` is misspelt, nobody is kept out.
  options: { everyFieldRestricts: true },
  check: ({ spec }, problems) => {
    spec.trustBundles.forEach(({ trustDomain }, index) => {
      if (trustDomain !== spec.trustDomain) return;
      const message = `${quote(trustDomain)} is our own trust domain: its roots are those of its issuer.`;
      problems.add('ISTH0201', ['spec', 'trustBundles', index, 'trustDomain'], message);
    });
    checkRanges(spec.virtualIps.ipv4, 'ipv4', problems);
    checkRanges(spec.virtualIps.ipv6, 'ipv6', problems);
  },
  build: ({ spec }, head) => {
    const {
      trustDomain,
      clusterDomain,
      rootNamespace,
      osmNamespace,
      virtualIps,
      accessLog,
      idleTimeout,
      access,
      trustBundles,
      istio,
    } = spec;
    return {
      kind: 'MeshConfig',
      ...head,
      spec: {
        trustDomain,
        clusterDomain,
        rootNamespace,
        osmNamespace,
        virtualIps: { ...virtualIps, quarantine: millisecondsOf(virtualIps.quarantine) },
        accessLog,
        idleTimeout: millisecondsOf(idleTimeout),
        access,
        certificates: readCertificates(spec.certificates),
        trustBundles,
        ...(istio === undefined ? {} : { istio }),
      },
    };
  },
});

function readCertificates({ lifetime, settle, ...rest }: CertificatesContent): MeshCertificates {
  return {
    ...rest,
    settle: millisecondsOf(settle),
    ...(lifetime === undefined ? {} : { lifetime: millisecondsOf(lifetime) }),
  };
}

function checkRanges(texts: readonly string[], field: 'ipv4' | 'ipv6', problems: Problems): void {
  const earlier: AddressRange[] = [];
  texts.forEach((text, index) => {
    const path = ['spec', 'virtualIps', field, index];
    const range = parseRange(text);
    if (range === undefined || range.family !== (field === 'ipv4' ? 4 : 6)) {
      problems.add('ISTH0223', path, `${quote(text)} is no range of ${field === 'ipv4' ? 'IPv4' : 'IPv6'} addresses.`);
      return;
    }
    if (!range.isCanonical) problems.add('ISTH0223', path, `${quote(text)} does not begin with its first address.`);
    const twin = earlier.findIndex((other) => overlap(other, range));
    if (twin >= 0) problems.add('ISTH0223', path, `${quote(text)} overlaps with ${field}[${twin}].`);
    earlier.push(range);
  });
}
