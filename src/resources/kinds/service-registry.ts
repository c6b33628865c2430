/** isthmus.dev ServiceRegistry: schema and defaults stand in crds/service-registry.yaml; what CEL cannot say stands here. */
import { isUrlOrHostPort, parseRange } from '../addresses.ts';
import { readCrdSchema } from '../crd-files.ts';
import { millisecondsOf } from '../duration-rules.ts';
import { defineKind } from '../kind-reader.ts';
import { isHostName } from '../kubernetes-names.ts';
import type { ObjectMetadata } from '../metadata.ts';
import { type Problems, quote } from '../problem.ts';
import type {
  RegistryCredentialsSpec,
  RegistryMappingSpec,
  RegistryPublishSpec,
  RegistrySafetySpec,
  RegistrySelectSpec,
  RegistryTlsSpec,
  RegistryTrustSpec,
  RegistryType,
  ServiceRegistry,
} from '../types/service-registry.ts';

/** An object once the schema's defaults are filled in. */
interface Content {
  readonly metadata: ObjectMetadata;
  readonly spec: {
    readonly type: RegistryType;
    readonly addresses: readonly string[];
    readonly tls?: RegistryTlsSpec;
    readonly credentials?: RegistryCredentialsSpec;
    readonly select: RegistrySelectSpec;
    readonly mapping: Omit<RegistryMappingSpec, 'namespace'> & { readonly namespace?: string };
    readonly priority: number;
    readonly trust: RegistryTrustSpec;
    readonly safety: Omit<RegistrySafetySpec, 'grace' | 'hold'> & { readonly grace: string; readonly hold: string };
    readonly publish?: Omit<RegistryPublishSpec, 'ttl'> & { readonly ttl: string };
    readonly interval?: string;
    readonly options: Readonly<Record<string, string>>;
  };
}

type Spec = Content['spec'];

export const serviceRegistry = defineKind<Content, ServiceRegistry>({
  info: {
    kind: 'ServiceRegistry',
    group: 'isthmus.dev',
    plural: 'serviceregistries',
    versions: ['v1alpha1'],
    scope: 'Cluster',
  },
  schema: () => readCrdSchema('service-registry'),
  check: ({ spec }, problems) => {
    checkAddresses(spec, problems);
    checkHostTemplate(spec, problems);
    checkTrust(spec, problems);
    checkPublish(spec, problems);
  },
  build: ({ spec }, head) => {
    const { interval, mapping, safety, publish, ...rest } = spec;
    return {
      kind: 'ServiceRegistry',
      ...head,
      spec: {
        ...rest,
        // A dot is no part of a namespace's name.
        mapping: { ...mapping, namespace: mapping.namespace ?? head.metadata.name.replaceAll('.', '-').slice(0, 63) },
        safety: { ...safety, grace: millisecondsOf(safety.grace), hold: millisecondsOf(safety.hold) },
        ...(publish === undefined ? {} : { publish: { ...publish, ttl: millisecondsOf(publish.ttl) } }),
        ...(interval === undefined ? {} : { interval: millisecondsOf(interval) }),
      },
    };
  },
});

/** A finding is shown to more people than may know a password. */
function withoutCredentials(address: string): string {
  const end = address.lastIndexOf('@');
  if (end < 0) return address;
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(address)?.[0] ?? '';
  return `${scheme}***${address.slice(end)}`;
}

function checkAddresses({ type, addresses }: Spec, problems: Problems): void {
  if (type === 'Snapshot') {
    if (addresses.length > 1) problems.add('ISTH1001', ['spec', 'addresses', 1], 'A Snapshot is one file.');
    return;
  }
  addresses.forEach((address, at) => {
    // The path below which ZooKeeper's clients look may stand behind the port.
    if (isUrlOrHostPort(type === 'ZooKeeper' ? address.replace(/\/.*$/, '') : address)) return;
    problems.add(
      'ISTH1001',
      ['spec', 'addresses', at],
      `${quote(withoutCredentials(address))} is neither host:port nor a URL of http or https.`,
    );
  });
}

const placeholders = ['{service}', '{group}', '{namespace}', '{registry}'];

function checkHostTemplate({ mapping }: Spec, problems: Problems): void {
  const filled = placeholders.reduce((text, placeholder) => text.replaceAll(placeholder, 'x'), mapping.host);
  if (isHostName(filled)) return;
  const message = `${quote(mapping.host)} makes no host names.`;
  problems.add('ISTH1002', ['spec', 'mapping', 'host'], message);
}

function checkTrust({ trust }: Spec, problems: Problems): void {
  trust.addresses.forEach((text, at) => {
    const path = ['spec', 'trust', 'addresses', at];
    const range = parseRange(text);
    if (range === undefined) problems.add('ISTH0223', path, `${quote(text)} is no range of IP addresses.`);
    else if (!range.isCanonical)
      problems.add('ISTH0223', path, `${quote(text)} does not begin with its first address.`);
  });
  trust.hostSuffixes.forEach((suffix, at) => {
    if (isHostName(suffix)) return;
    problems.add('ISTH1002', ['spec', 'trust', 'hostSuffixes', at], `${quote(suffix)} is the end of no host name.`);
  });
}

/** Registrations go by gRPC. */
function checkPublish({ publish, addresses }: Spec, problems: Problems): void {
  if (publish === undefined || addresses.some((address) => !address.includes('://'))) return;
  problems.add('ISTH1001', ['spec', 'addresses'], 'None is host:port, which registering needs.');
}
