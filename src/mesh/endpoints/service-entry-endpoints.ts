/** The endpoints of a ServiceEntry: those written in it, the WorkloadEntries it selects, or, found by DNS, its hosts. */
import type { Collection, Context, Index } from '../../collections/collection.ts';
import { finding } from '../../model/finding.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import { serviceKey } from '../../model/service.ts';
import type { ServiceEntry } from '../../resources/kinds.ts';
import { about } from '../resource-order.ts';
import { settingsOf } from '../settings.ts';
import type { EndpointSource, SourcePort } from './endpoint-source.ts';
import { isIpAddress } from './ip-address.ts';
import { inlineWorkload, locatedEndpoint, ownPort, selectWorkloads, type Workload } from './workloads.ts';

export function serviceEntryEndpoints(
  entry: ServiceEntry,
  context: Context,
  settings: Collection<MeshSettings>,
  workloads: Index<Workload>,
): readonly EndpointSource[] {
  const { spec, metadata } = entry;
  if (spec.resolution === 'NONE') return [];
  const { trustDomain } = settingsOf(context, settings);
  const hosts = [...new Set(spec.hosts.map((host) => host.toLowerCase()))];
  const source = (suffix: string, services: readonly string[], members: readonly Workload[]): EndpointSource => ({
    key: `1|${entry.key}${suffix}`,
    services: services.map((host) => serviceKey(metadata.namespace, host)),
    ports: spec.ports.map((port) => sourcePort(port, members, trustDomain)),
    about: about(entry),
  });
  if (spec.workloadSelector === undefined && (spec.endpoints ?? []).length === 0 && spec.resolution !== 'STATIC') {
    return hosts
      .filter((host) => !host.startsWith('*'))
      .map((host) => source(`|${host}`, [host], [inlineWorkload({ address: host }, metadata.namespace)]));
  }
  return [source('', hosts, usableWorkloads(entry, context, workloads))];
}

type EntryPort = ServiceEntry['spec']['ports'][number];

/** A workload's own port of this name, else the target port, else the number; a Unix socket has no port. */
function sourcePort(port: EntryPort, members: readonly Workload[], trustDomain: string): SourcePort {
  const written = port.targetPort ?? port.number;
  return {
    port: port.number,
    endpoints: members.map((workload) => {
      const isSocket = workload.spec.address?.startsWith('unix://') === true;
      return locatedEndpoint(workload, isSocket ? 0 : (ownPort(workload, port.name) ?? written), trustDomain);
    }),
  };
}

function usableWorkloads(entry: ServiceEntry, context: Context, workloads: Index<Workload>): readonly Workload[] {
  const { spec, metadata } = entry;
  const selector = spec.workloadSelector?.labels;
  if (selector !== undefined && Object.keys(selector).length === 0) {
    context.report(
      finding('ISTH0315', { ...about(entry), path: 'spec.workloadSelector.labels', message: 'It holds no label.' }),
    );
  }
  const selected = selector === undefined ? [] : selectWorkloads(context, workloads, metadata.namespace, selector);
  const inline = (spec.endpoints ?? []).map((endpoint) => inlineWorkload(endpoint, metadata.namespace));
  inline.forEach((workload, at) => {
    reportPorts(entry, workload, at, context);
  });
  return [
    ...inline.filter((workload, at) => isUsable(entry, workload, `spec.endpoints[${at}].address`, context)),
    ...selected.filter((workload) => isUsable(entry, workload, 'spec.workloadSelector', context)),
  ];
}

/** With resolution STATIC an address is an IP address or a Unix socket; otherwise it may be a name, too. */
function isUsable(entry: ServiceEntry, workload: Workload, path: string, context: Context): boolean {
  const address = workload.spec.address ?? '';
  if (isIpAddress(address)) return true;
  const isStatic = entry.spec.resolution === 'STATIC';
  if (address !== '' && (isStatic ? address.startsWith('unix://') : !address.startsWith('unix://'))) return true;
  const owner = workload.name === undefined ? 'An endpoint' : `WorkloadEntry ${workload.name}`;
  const what =
    address === '' ? 'has no address' : `has the address ${address}, which ${entry.spec.resolution} does not allow`;
  context.report(finding('ISTH0308', { ...about(entry), path, message: `${owner} ${what}.` }));
  return false;
}

function reportPorts(entry: ServiceEntry, workload: Workload, at: number, context: Context): void {
  for (const name of Object.keys(workload.spec.ports ?? {})) {
    if (entry.spec.ports.some((port) => port.name === name)) continue;
    const message = `The service has no port named ${name}.`;
    context.report(finding('ISTH0309', { ...about(entry), path: `spec.endpoints[${at}].ports`, message }));
  }
}
