/** ServiceEntry: what istiod refuses is refused here too, at the place where it is written. */
import { cidrFamily, ipFamily } from '../addresses.ts';
import { defineKind } from '../kind-reader.ts';
import { isMixedCaseLabel, isWildcardHost, withoutTrailingDot } from '../kubernetes-names.ts';
import { checkLabels } from '../label-rules.ts';
import type { ObjectMetadata } from '../metadata.ts';
import { type Problems, quote } from '../problem.ts';
import { isFilledByRegistry } from '../registry-labels.ts';
import { forEachRepetition, withoutRepetitions } from '../repetition.ts';
import type { Infer } from '../schema-language.ts';
import { objectHead } from '../schemas/object-head.ts';
import { serviceEntrySpec, serviceEntryStatus } from '../schemas/service-entry.ts';
import type { AllocatedAddress, ServiceEntry } from '../types/istio.ts';
import { checkExportTo } from '../visibility-rules.ts';
import { checkServiceEntryEndpoints } from './service-entry-endpoints.ts';

const schema = {
  type: 'object',
  required: ['metadata', 'spec'],
  properties: { ...objectHead, spec: serviceEntrySpec, status: serviceEntryStatus },
} as const;
type ServiceEntryContent = Infer<typeof serviceEntrySpec>;

export const serviceEntry = defineKind<Infer<typeof schema>, ServiceEntry>({
  info: {
    kind: 'ServiceEntry',
    group: 'networking.istio.io',
    plural: 'serviceentries',
    versions: ['v1', 'v1beta1', 'v1alpha3'],
    scope: 'Namespaced',
  },
  schema: () => schema,
  check: ({ spec, metadata }, problems) => {
    checkHosts(spec, problems);
    checkAddresses(spec, problems);
    checkPorts(spec.ports ?? [], problems, metadata);
    checkServiceEntryEndpoints(spec, problems);
    const selector = spec.workloadSelector?.labels;
    if (selector !== undefined) checkLabels(selector, ['spec', 'workloadSelector', 'labels'], problems);
    checkExportTo(spec.exportTo, metadata.namespace, problems);
  },
  build: ({ spec, status }, head) => {
    const { hosts, ports = [], location = 'MESH_EXTERNAL', resolution = 'NONE', workloadSelector, ...rest } = spec;
    const allocated = allocatedIn(status?.addresses ?? []);
    return {
      kind: 'ServiceEntry',
      ...head,
      spec: {
        ...rest,
        hosts:
          hosts.length === 1 && !hosts[0]?.endsWith('.') ? hosts : withoutRepetitions(hosts.map(withoutTrailingDot)),
        ports,
        ...(allocated.length === 0 ? {} : { allocated }),
        location,
        resolution,
        ...(workloadSelector === undefined ? {} : { workloadSelector: { labels: workloadSelector.labels ?? {} } }),
      },
    };
  },
});

function checkHosts({ hosts, resolution }: ServiceEntryContent, problems: Problems): void {
  hosts.forEach((host, index) => {
    if (isWildcardHost(host)) return;
    const why = host === '*' ? 'stands for every host there is' : 'is no host name';
    problems.add('ISTH0201', ['spec', 'hosts', index], `${quote(host)} ${why}.`);
  });
  forEachRepetition(
    hosts,
    (host) => withoutTrailingDot(host.toLowerCase()),
    (host, index) => {
      problems.add('ISTH0216', ['spec', 'hosts', index], `${quote(host)} is named twice.`);
    },
  );
  if (hosts.length > 1 && (resolution === 'DNS' || resolution === 'DNS_ROUND_ROBIN')) {
    const message = `Istio takes a single host where resolution is ${resolution}, unless its ports are HTTP or TLS.`;
    problems.add('ISTH0221', ['spec', 'hosts'], message);
  }
}

function checkAddresses({ addresses = [], resolution = 'NONE' }: ServiceEntryContent, problems: Problems): void {
  addresses.forEach((address, index) => {
    if (ipFamily(address) !== 0) return;
    const path = ['spec', 'addresses', index];
    if (cidrFamily(address) === 0) {
      problems.add('ISTH0202', path, `${quote(address)} is neither an IP address nor a range.`);
    } else if (resolution !== 'NONE' && resolution !== 'STATIC') {
      const remedy = 'Write single addresses, or resolution NONE or STATIC.';
      problems.add('ISTH0206', path, `A range does not go with resolution ${resolution}.`, remedy);
    }
  });
  forEachRepetition(
    addresses,
    (address) => address,
    (address, index) => {
      problems.add('ISTH0216', ['spec', 'addresses', index], `${quote(address)} is written twice.`);
    },
  );
}

const protocols = new Set(
  ['TCP', 'UDP', 'GRPC', 'GRPC-WEB', 'HTTP', 'HTTP_PROXY', 'HTTP2', 'HTTPS', 'TLS', 'MONGO', 'REDIS', 'MYSQL'].flatMap(
    (name) => [name, name.toLowerCase()],
  ),
);

function checkPorts(
  ports: NonNullable<ServiceEntryContent['ports']>,
  problems: Problems,
  metadata: ObjectMetadata,
): void {
  if (ports.length === 0 && !isFilledByRegistry(metadata))
    problems.add('ISTH0217', ['spec', 'ports'], 'There are no ports.');
  ports.forEach(({ name, protocol }, index) => {
    if (!isMixedCaseLabel(name)) {
      problems.add('ISTH0203', ['spec', 'ports', index, 'name'], `${quote(name)} is no port's name.`);
    }
    // Empty means that the protocol is sniffed; any case is taken, and the two usual ones without a conversion.
    if (
      protocol !== undefined &&
      protocol !== '' &&
      !protocols.has(protocol) &&
      !protocols.has(protocol.toUpperCase())
    ) {
      const known = [...protocols].filter((one) => one === one.toUpperCase()).join(', ');
      const message = `${quote(protocol)} is none of ${known}.`;
      problems.add('ISTH0207', ['spec', 'ports', index, 'protocol'], message);
    }
  });
  forEachRepetition(
    ports,
    (port) => port.name,
    (port, index, first) => {
      problems.add(
        'ISTH0203',
        ['spec', 'ports', index, 'name'],
        `${quote(port.name)} is the name of ports[${first}] too.`,
      );
    },
  );
  forEachRepetition(
    ports,
    (port) => port.number,
    (port, index, first) => {
      problems.add(
        'ISTH0203',
        ['spec', 'ports', index, 'number'],
        `${port.number} is the number of ports[${first}] too.`,
      );
    },
  );
}

/** As often as they are told, in whatever order. */
function allocatedIn(
  addresses: readonly { readonly value?: string; readonly host?: string }[],
): readonly AllocatedAddress[] {
  const known = addresses
    .filter(({ value = '' }) => ipFamily(value) !== 0)
    .map(({ value = '', host = '' }) => ({ address: value, host: withoutTrailingDot(host.toLowerCase()) }));
  return withoutRepetitions(known.map(({ address, host }) => `${address} ${host}`).sort()).map((one) => {
    const [address = '', host = ''] = one.split(' ');
    return host === '' ? { address } : { address, host };
  });
}
