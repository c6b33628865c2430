/** A real API server with as many objects as a bench asks for, written as their owners write them. */
import path from 'node:path';
import type { ApiServer } from '../../src/kubernetes-api/api-server.ts';
import { istioDefinitions } from '../peers/kubernetes/istio-definitions.ts';
import { applyAs, KubernetesServer } from '../peers/kubernetes/kubernetes-server.ts';

export interface CrowdShape {
  readonly serviceEntries: number;
  readonly endpointsPerEntry: number;
  readonly metaRouters: number;
  /** Each with `endpointsPerSlice`; ten of them belong to one Service. */
  readonly endpointSlices: number;
  readonly endpointsPerSlice: number;
}

const namespaces = 20;
const slicesPerService = 10;
const writesAtOnce = 64;
const definitions = path.resolve(import.meta.dirname, '../../crds');

export class CrowdedCluster {
  readonly server: KubernetesServer;
  readonly #api: ApiServer;
  readonly #shape: CrowdShape;

  private constructor(server: KubernetesServer, api: ApiServer, shape: CrowdShape) {
    this.server = server;
    this.#api = api;
    this.#shape = shape;
  }

  static async start(shape: CrowdShape): Promise<CrowdedCluster> {
    const server = await KubernetesServer.start();
    try {
      await server.apply(istioDefinitions());
      await server.applyDefinitions(definitions);
      const cluster = new CrowdedCluster(server, await server.access(), shape);
      await cluster.#fill();
      return cluster;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** The host of a ServiceEntry. */
  hostOf(entry: number): string {
    return `service-${entry}.${namespaceOf(entry)}.example.com`;
  }

  /** Moves the first endpoint of a ServiceEntry, by one PATCH of it. Resolves with its answer. */
  async moveEndpoint(entry: number, lastByte: number): Promise<void> {
    const [first, ...others] = endpointsOf(entry, this.#shape.endpointsPerEntry);
    const moved = { ...first, address: addressOf(entry, lastByte) };
    await this.#api.send({
      method: 'PATCH',
      path: `/apis/networking.istio.io/v1/namespaces/${namespaceOf(entry)}/serviceentries/service-${entry}`,
      body: { spec: { endpoints: [moved, ...others] } },
      contentType: 'application/merge-patch+json',
    });
  }

  /** Changes what a route writes into requests. Gives the path of the MetaRouter. */
  async changeRouter(router: number, key: string): Promise<string> {
    const { path: at, object } = metaRouter(router, key);
    await applyAs(this.#api, at, object, 'bench');
    return at;
  }

  /** What the API server has at a path. */
  async read(at: string): Promise<unknown> {
    return this.#api.get(at);
  }

  async stop(): Promise<void> {
    this.#api.close();
    await this.server.stop();
  }

  async #fill(): Promise<void> {
    const { serviceEntries, endpointsPerEntry, metaRouters, endpointSlices, endpointsPerSlice } = this.#shape;
    await this.#create(namespaces, (index) => ({
      path: '/api/v1/namespaces',
      object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespaceOf(index) } },
    }));
    await this.#create(1, () => ({ path: '/api/v1/namespaces', object: systemNamespace }));
    await this.#create(1, () => ({
      path: '/apis/metaprotocol.aeraki.io/v1alpha1/applicationprotocols',
      object: applicationProtocol,
    }));
    await this.#create(serviceEntries, (index) => serviceEntry(index, endpointsPerEntry));
    await this.#create(metaRouters, (index) => {
      const { object } = metaRouter(index, 'first');
      return { path: `${routers}/namespaces/${namespaceOf(index)}/metarouters`, object };
    });
    await this.#create(Math.ceil(endpointSlices / slicesPerService), kubernetesService);
    await this.#create(endpointSlices, (index) => endpointSlice(index, endpointsPerSlice));
  }

  async #create(count: number, make: (index: number) => NewObject): Promise<void> {
    let next = 0;
    const writeOn = async (): Promise<void> => {
      while (next < count) {
        const { path: at, object } = make(next++);
        await this.#api.send({ method: 'POST', path: at, body: object });
      }
    };
    await Promise.all(Array.from({ length: writesAtOnce }, writeOn));
  }
}

interface NewObject {
  readonly path: string;
  readonly object: object;
}

const routers = '/apis/metaprotocol.aeraki.io/v1alpha1';

const systemNamespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'isthmus-system' } };

const applicationProtocol = {
  apiVersion: 'metaprotocol.aeraki.io/v1alpha1',
  kind: 'ApplicationProtocol',
  metadata: { name: 'thrift' },
  spec: { protocol: 'thrift', codec: 'aeraki.meta_protocol.codec.thrift' },
};

function namespaceOf(index: number): string {
  return `bench-${index % namespaces}`;
}

function addressOf(index: number, lastByte: number): string {
  return `10.${(index >> 8) & 255}.${index & 255}.${lastByte}`;
}

function endpointsOf(index: number, count: number) {
  return Array.from({ length: count }, (_, at) => ({
    address: addressOf(index, at + 1),
    ports: { 'tcp-metaprotocol-thrift': 9090 },
    labels: { version: `v${1 + (at % 2)}` },
  }));
}

function serviceEntry(index: number, endpoints: number): NewObject {
  const namespace = namespaceOf(index);
  return {
    path: `/apis/networking.istio.io/v1/namespaces/${namespace}/serviceentries`,
    object: {
      apiVersion: 'networking.istio.io/v1',
      kind: 'ServiceEntry',
      metadata: { name: `service-${index}`, namespace, labels: { registry: 'bench' } },
      spec: {
        hosts: [`service-${index}.${namespace}.example.com`],
        ports: [{ number: 9090, name: 'tcp-metaprotocol-thrift', protocol: 'TCP' }],
        location: 'MESH_INTERNAL',
        resolution: 'STATIC',
        endpoints: endpointsOf(index, endpoints),
      },
    },
  };
}

/** Of the ServiceEntry with the same number. */
function metaRouter(index: number, key: string): NewObject {
  const namespace = namespaceOf(index);
  const host = `service-${index}.${namespace}.example.com`;
  const name = `router-${index}`;
  return {
    path: `${routers}/namespaces/${namespace}/metarouters/${name}`,
    object: {
      apiVersion: 'metaprotocol.aeraki.io/v1alpha1',
      kind: 'MetaRouter',
      metadata: { name, namespace },
      spec: {
        hosts: [host],
        routes: [{ name: 'all', route: [{ destination: { host } }], requestMutation: [{ key: 'bench', value: key }] }],
      },
    },
  };
}

function kubernetesService(index: number): NewObject {
  const namespace = namespaceOf(index);
  return {
    path: `/api/v1/namespaces/${namespace}/services`,
    object: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: `web-${index}`, namespace },
      spec: { ports: [{ name: 'http', port: 80, targetPort: 8080 }], selector: { app: `web-${index}` } },
    },
  };
}

function endpointSlice(index: number, endpoints: number): NewObject {
  const service = Math.floor(index / slicesPerService);
  const namespace = namespaceOf(service);
  return {
    path: `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`,
    object: {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: `web-${service}-${index}`,
        namespace,
        labels: { 'kubernetes.io/service-name': `web-${service}` },
      },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      endpoints: Array.from({ length: endpoints }, (_, at) => ({
        addresses: [podAddress(index * endpoints + at)],
        conditions: { ready: true, serving: true, terminating: false },
        targetRef: { kind: 'Pod', namespace, name: `web-${service}-${index}-${at}` },
      })),
    },
  };
}

/** Of 172.16.0.0/12, which has a million. */
function podAddress(number: number): string {
  return `172.${16 + ((number >> 16) & 15)}.${(number >> 8) & 255}.${number & 255}`;
}
