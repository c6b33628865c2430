/** `isthmus run --kubernetes` as real processes beside an API server, and what they serve. */
import path from 'node:path';
import { addressLeases } from '../../../src/delivery/kubernetes/records/address-lease.ts';
import { collectionPath } from '../../../src/kubernetes-api/api-paths.ts';
import type { ApiServer } from '../../../src/kubernetes-api/api-server.ts';
import { fieldOf, textOf } from '../../../src/kubernetes-api/plain-fields.ts';
import { typeUrl } from '../../../src/xds-api/messages.ts';
import { clusterType, DeltaClient, endpointType } from '../../bench/delta-client.ts';
import { freePorts, type RunningIsthmus, startIsthmus } from '../../e2e/isthmus-process.ts';
import { istioDefinitions } from '../../peers/kubernetes/istio-definitions.ts';
import { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';

const root = path.resolve(import.meta.dirname, '../../..');
export const systemNamespace = 'isthmus-system';

/** An API server with all definitions, a namespace for us and one for services. */
export async function startCluster(parameters: readonly string[] = []): Promise<KubernetesServer> {
  const kubernetes = await KubernetesServer.start({ parameters });
  await kubernetes.apply(istioDefinitions());
  await kubernetes.applyDefinitions(path.join(root, 'crds'));
  for (const name of [systemNamespace, 'shop']) await kubernetes.kubectl(['create', 'namespace', name]);
  return kubernetes;
}

export async function startReplica(
  kubernetes: KubernetesServer,
  parameters: readonly string[] = [],
): Promise<RunningIsthmus> {
  return startIsthmus(['--kubernetes', '--kubeconfig', kubernetes.kubeconfig(), ...freePorts, ...parameters]);
}

export const service = (name: string): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: shop }
spec:
  hosts: [${name}.shop.mesh]
  ports: [{ number: 9090, name: tcp, protocol: TCP }]
  resolution: STATIC
  endpoints: [{ address: 10.0.0.1 }]
---
`;

/** What a proxy is sent, each with its version. */
export async function versionsAt({ xds }: RunningIsthmus): Promise<Readonly<Record<string, string>>> {
  const client = new DeltaClient(xds);
  const ask = async (type: string, names: readonly string[]): Promise<readonly (readonly [string, string])[]> => {
    client.subscribe(type, names);
    const { resources = [] } = await client.next();
    return resources.map(({ name = '', version = '' }) => [name, version] as const);
  };
  const clusters = await ask(clusterType, ['*']);
  const endpoints = await ask(
    endpointType,
    clusters.map(([name]) => name).filter((name) => name.startsWith('outbound|')),
  );
  client.close();
  const listeners = await listenersAt(xds);
  const all = [
    ...clusters,
    ...endpoints.map(([name, version]) => [`endpoints of ${name}`, version] as const),
    ...listeners,
  ];
  return Object.fromEntries(all.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** On a stream of its own: listeners wait for the clusters of theirs to be acknowledged. */
async function listenersAt(xds: string): Promise<readonly (readonly [string, string])[]> {
  const client = new DeltaClient(xds);
  client.subscribe(typeUrl('envoy.config.listener.v3.Listener'), ['*']);
  const { resources = [] } = await client.next();
  client.close();
  return resources.map(({ name = '', version = '' }) => [name, version] as const);
}

/** By host: name and uid of its AddressLease. */
export async function leasesIn(api: ApiServer): Promise<Readonly<Record<string, string>>> {
  const items = fieldOf(await api.get(collectionPath(addressLeases)), 'items');
  const objects: readonly unknown[] = Array.isArray(items) ? items : [];
  return Object.fromEntries(
    objects.map((object) => {
      const metadata = fieldOf(object, 'metadata');
      return [textOf(fieldOf(object, 'spec'), 'host') ?? '', `${textOf(metadata, 'name')} ${textOf(metadata, 'uid')}`];
    }),
  );
}

/** Whether it takes itself for the writer, by its metrics. */
export async function isWriter({ admin }: RunningIsthmus): Promise<boolean> {
  const metrics = await (await fetch(`http://${admin}/metrics`)).text();
  return /^leader_election_master_status\{[^}]*\} 1$/m.test(metrics);
}

/** Fingerprints of the roots that proxies are told to trust. */
export async function rootsAt({ admin }: RunningIsthmus): Promise<readonly string[]> {
  const status: unknown = await (await fetch(`http://${admin}/api/v1/certificates`)).json();
  const roots = fieldOf(status, 'roots');
  return (Array.isArray(roots) ? roots : []).map((root: unknown) => textOf(root, 'id') ?? '');
}
