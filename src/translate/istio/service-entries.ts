/** A mesh service as Istio reads it: a ServiceEntry with its virtual addresses and endpoints. */
import { hash } from 'node:crypto';
import type { ServiceOwner } from '../../mesh/services/service-owners.ts';
import type { EndpointGroup } from '../../model/endpoint.ts';
import { type Finding, finding } from '../../model/finding.ts';
import type { MeshService } from '../../model/mesh-service.ts';
import type { Location, PortProtocol, Resolution, Visibility } from '../../model/service.ts';
import {
  type IstioMetadata,
  type IstioObject,
  type IstioTranslation,
  type IstioWriting,
  ownMetadata,
} from './istio-objects.ts';
import { hostObjectName } from './object-names.ts';
import { type IstioWorkload, istioWorkloads, type Labels } from './workloads.ts';

export interface IstioServiceEntry extends IstioObject {
  readonly apiVersion: 'networking.istio.io/v1';
  readonly kind: 'ServiceEntry';
  readonly spec: {
    readonly hosts: readonly string[];
    readonly addresses?: readonly string[];
    readonly ports: readonly {
      readonly number: number;
      readonly name: string;
      readonly protocol: string;
      readonly targetPort?: number;
    }[];
    readonly location: string;
    readonly resolution: string;
    readonly endpoints?: readonly IstioWorkload[];
    readonly workloadSelector?: { readonly labels: Labels };
    readonly exportTo?: readonly string[];
    readonly subjectAltNames?: readonly string[];
  };
}

export interface IstioWorkloadEntry extends IstioObject {
  readonly apiVersion: 'networking.istio.io/v1';
  readonly kind: 'WorkloadEntry';
  readonly spec: IstioWorkload;
}

/** A ServiceEntry may list 4,096, and a Kubernetes object may have 1.5 MB. */
const maxInlineEndpoints = 4_000;
const selectorLabel = 'isthmus.dev/service-entry';

const RESOLUTION: Readonly<Record<Resolution, string>> = {
  static: 'STATIC',
  dns: 'DNS',
  'dns-round-robin': 'DNS_ROUND_ROBIN',
  'dynamic-dns': 'DYNAMIC_DNS',
  none: 'NONE',
};
const LOCATION: Readonly<Record<Location, string>> = {
  'mesh-internal': 'MESH_INTERNAL',
  'mesh-external': 'MESH_EXTERNAL',
};

/** Istio has those of Kubernetes already, and cannot be told who alone may reach a host. */
export function isToldToIstio({ service }: MeshService, { sharesObjects }: IstioWriting): boolean {
  const { source } = service.provenance;
  return source === 'registry' || (source === 'service-entry' && !sharesObjects);
}

/** Of a service that is not told: endpoints of a registry that somebody else was to write into the user's own object. */
export function untoldEndpoints({ service }: MeshService, { isFilled }: ServiceOwner): readonly Finding[] {
  if (isFilled !== true) return [];
  const { object } = service.provenance;
  const message = 'Endpoints of a registry are not written into it: Istio knows those alone that it has.';
  const remedy = 'Delete it, and let a ServiceRegistry name the host.';
  return [finding('ISTH0709', { object, message, remedy })];
}

/**
 * `groups` are those of the service. Endpoints that may get no new requests are left out: Istio has no word for them. More
 * endpoints than one object may hold become WorkloadEntries that the ServiceEntry selects.
 */
export function translateServiceEntry(
  { service, addresses }: MeshService,
  groups: readonly EndpointGroup[],
  writing: IstioWriting,
): IstioTranslation<IstioServiceEntry | IstioWorkloadEntry> {
  const { ports, workloads, leftOut } = istioWorkloads(service, groups);
  const report = (message: string): Finding => finding('ISTH0709', { object: service.provenance.object, message });
  if (ports.length === 0) {
    return { objects: [], findings: [report(`${service.host} has no port yet; a ServiceEntry needs one.`)] };
  }
  const exportTo = exportToOf(service.visibility, service.namespace);
  const { namespace } = service;
  const { object: source } = service.provenance;
  const metadata = ownMetadata(writing, source, { namespace, name: hostObjectName(service.host) });
  const selected = { [selectorLabel]: hash('sha256', service.host, 'hex').slice(0, 16) };
  const isLarge = workloads.length > maxInlineEndpoints;
  const inline = isLarge ? { workloadSelector: { labels: selected } } : { endpoints: workloads };
  const entry: IstioServiceEntry = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata,
    spec: {
      hosts: [service.host],
      ...(addresses.length === 0 ? {} : { addresses }),
      ports: ports.map((port) => ({
        number: port.number,
        name: port.name,
        protocol: protocolName(port.protocol),
        ...(port.targetPort === port.number ? {} : { targetPort: port.targetPort }),
      })),
      location: LOCATION[service.location],
      resolution: RESOLUTION[service.resolution],
      ...(workloads.length === 0 ? {} : inline),
      ...(exportTo === undefined ? {} : { exportTo }),
      ...(service.subjectAltNames.length === 0 ? {} : { subjectAltNames: service.subjectAltNames }),
    },
  };
  const entries = isLarge ? workloads.map((workload) => workloadEntry(workload, metadata, selected)) : [];
  return {
    objects: [entry, ...entries],
    findings: leftOut.map((what) => report(`The ServiceEntry of ${service.host} leaves out ${what}.`)),
  };
}

/** `owner`: the metadata of the ServiceEntry that selects it. */
function workloadEntry(workload: IstioWorkload, owner: IstioMetadata, selected: Labels): IstioWorkloadEntry {
  const suffix = hash('sha256', JSON.stringify([workload.address, workload.ports, workload.locality]), 'hex').slice(
    0,
    16,
  );
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'WorkloadEntry',
    metadata: { ...owner, name: `${beginningOf(owner.name)}-${suffix}`, labels: { ...owner.labels, ...selected } },
    spec: { ...workload, labels: { ...workload.labels, ...selected } },
  };
}

/** With room for a suffix; Kubernetes takes no name in which a dot stands beside a dash. */
function beginningOf(name: string): string {
  return name.slice(0, 230).replace(/[-.]+$/, '');
}

function protocolName(protocol: PortProtocol): string {
  return protocol.kind === 'plain' ? protocol.protocol.toUpperCase() : 'TCP';
}

function exportToOf(visibility: Visibility, namespace: string): readonly string[] | undefined {
  if (visibility.kind === 'public') return undefined;
  if (visibility.namespaces.length === 0) return ['~'];
  return visibility.namespaces.map((visible) => (visible === namespace ? '.' : visible));
}
