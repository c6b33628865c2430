/**
 * The endpoints of a Kubernetes Service: its EndpointSlices, the WorkloadEntries that its selector picks beside them
 * (how a service moves from VMs to Pods), or the name behind an ExternalName.
 */
import type { Collection, Context, Index } from '../../collections/collection.ts';
import { type Endpoint, localityAt } from '../../model/endpoint.ts';
import { finding } from '../../model/finding.ts';
import { spiffeId } from '../../model/identity.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import { serviceKey } from '../../model/service.ts';
import type { EndpointSlice, KubernetesService, KubernetesServicePort } from '../../resources/kinds.ts';
import { about, type Described } from '../resource-order.ts';
import { kubernetesHost } from '../services/host-names.ts';
import { isHeadlessService } from '../services/kubernetes-declarations.ts';
import { settingsOf } from '../settings.ts';
import type { EndpointSource } from './endpoint-source.ts';
import { isIpAddress } from './ip-address.ts';
import type { PodTables, PodWorkload } from './pods.ts';
import {
  inlineWorkload,
  type LocatedEndpoint,
  locatedEndpoint,
  ownPort,
  selectWorkloads,
  type Workload,
} from './workloads.ts';

export function kubernetesServiceEndpoints(
  service: KubernetesService,
  context: Context,
  settings: Collection<MeshSettings>,
  workloads: Index<Workload>,
): readonly EndpointSource[] {
  const { clusterDomain, trustDomain } = settingsOf(context, settings);
  const members = serviceWorkloads(service, context, workloads);
  if (members.length === 0) return [];
  const isHeadless = isHeadlessService(service);
  const ports = service.spec.ports.map((port) => ({
    port: port.port,
    endpoints: members.map((workload) =>
      named(
        locatedEndpoint(workload, workloadPort(workload, port), trustDomain),
        isHeadless ? workload.name : undefined,
      ),
    ),
  }));
  return [{ ...sourceOf(service, service.metadata.name, clusterDomain), ports }];
}

/** Of a headless service by the name of its WorkloadEntry, as far as that can be a label of a host. */
function named(located: LocatedEndpoint, workload: string | undefined): LocatedEndpoint {
  const hostname = workload?.slice(workload.indexOf('/') + 1);
  if (hostname === undefined || hostname.includes('.')) return located;
  return { ...located, endpoint: { ...located.endpoint, hostname } };
}

function serviceWorkloads(service: KubernetesService, context: Context, workloads: Index<Workload>) {
  const { spec, metadata } = service;
  if (spec.type === 'ExternalName') {
    return spec.externalName === undefined || spec.externalName === ''
      ? []
      : [inlineWorkload({ address: spec.externalName }, metadata.namespace)];
  }
  const selected = selectWorkloads(context, workloads, metadata.namespace, spec.selector ?? {});
  return selected.filter((workload) => isIpAddress(workload.spec.address ?? ''));
}

function workloadPort(workload: Workload, port: KubernetesServicePort): number {
  const { targetPort } = port;
  const named = ownPort(workload, typeof targetPort === 'string' ? targetPort : port.name);
  return named ?? ownPort(workload, port.name) ?? (typeof targetPort === 'number' ? targetPort : port.port);
}

export function sliceEndpoints(
  slice: EndpointSlice,
  context: Context,
  settings: Collection<MeshSettings>,
  pods: PodTables,
): readonly EndpointSource[] {
  const { spec } = slice;
  if (spec.serviceName === '') return [];
  if (spec.addressType === 'FQDN') {
    const message = 'Slices of names are not served: Kubernetes has given them up.';
    context.report(finding('ISTH0308', { ...about(slice), path: 'addressType', message }));
    return [];
  }
  const { clusterDomain, trustDomain } = settingsOf(context, settings);
  const source = sourceOf(slice, spec.serviceName, clusterDomain);
  const { namespace } = slice.metadata;
  const workloads = spec.endpoints
    .filter(isServing)
    .flatMap((member) => member.addresses.map((address) => workloadAt(context, pods, namespace, member, address)));
  const ports = spec.ports.map((port) => ({
    port: port.name,
    endpoints: workloads.map((workload) => sliceEndpoint(workload, port.port, trustDomain)),
  }));
  return [{ ...source, ports }];
}

type SliceMember = EndpointSlice['spec']['endpoints'][number];

/** What is not ready gets no traffic, except that what is going away may finish what it has. */
function isServing(member: SliceMember): boolean {
  return member.conditions.ready || (member.conditions.serving && member.conditions.terminating);
}

interface SliceWorkload {
  readonly member: SliceMember;
  readonly address: string;
  /** `namespace/name`; absent where nobody says it. */
  readonly name: string | undefined;
  /** Absent where nothing is known of it, as where it is read from files. */
  readonly pod: PodWorkload | undefined;
}

/** The Pod that the member names, or else the only one of the namespace that has its address. */
function workloadAt(
  context: Context,
  { byName, byAddress }: PodTables,
  namespace: string,
  member: SliceMember,
  address: string,
): SliceWorkload {
  const { targetRef } = member;
  if (targetRef === undefined) {
    const [first, ...others] = context.lookup(byAddress, address).filter((pod) => pod.namespace === namespace);
    const pod = others.length === 0 ? first : undefined;
    return { member, address, name: pod?.name, pod };
  }
  // One text for what is looked up and what is told: there are as many as endpoints.
  const name = `${targetRef.namespace ?? namespace}/${targetRef.name}`;
  const [pod] = targetRef.kind === 'Pod' ? context.lookup(byName, name) : [];
  return { member, address, name, pod };
}

function sliceEndpoint(
  { member, address, name, pod }: SliceWorkload,
  port: number,
  trustDomain: string,
): LocatedEndpoint {
  const { hostname } = member;
  const endpoint: Endpoint = {
    address,
    port,
    weight: 1,
    health: member.conditions.terminating ? 'draining' : 'healthy',
    labels: pod?.labels ?? noLabels,
    network: '',
    tlsMode: pod === undefined ? 'disabled' : 'istio',
    ...(hostname === undefined ? {} : { hostname }),
    ...(pod === undefined
      ? {}
      : { identity: spiffeId({ trustDomain, namespace: pod.namespace, serviceAccount: pod.serviceAccount }) }),
    ...(name === undefined ? {} : { workload: name }),
  };
  return { endpoint, locality: localityAt('', member.zone ?? '') };
}

const noLabels: Readonly<Record<string, string>> = Object.freeze({});

function sourceOf(resource: Described, service: string, clusterDomain: string): Omit<EndpointSource, 'ports'> {
  const { namespace } = resource.metadata;
  return {
    key: `0|${resource.key}`,
    services: [serviceKey(namespace, kubernetesHost(service, namespace, clusterDomain))],
    about: about(resource),
  };
}
