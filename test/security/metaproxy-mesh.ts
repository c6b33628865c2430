/** Workloads of a secured mesh, each behind a metaproxy of its own, with a control plane in this process. */
import { onTestFinished } from 'vitest';
import { freePorts } from '../../examples/quickstart/free-ports.ts';
import { type Metaproxy, type MetaproxyOptions, startMetaproxy } from '../../src/proxy/metaproxy.ts';
import { InProcessPlane } from '../e2e/in-process-plane.ts';

export interface Account {
  readonly name: string;
  /** On loopback, and nobody else's. */
  readonly address: string;
}

export const orders: Account = { name: 'orders', address: '127.0.78.1' };
export const buyer: Account = { name: 'buyer', address: '127.0.78.2' };
export const thief: Account = { name: 'thief', address: '127.0.78.3' };

export const idOf = ({ name }: Account): string => `spiffe://cluster.local/ns/shop/sa/${name}`;

const mesh = `apiVersion: isthmus.dev/v1alpha1
kind: MeshConfig
metadata: { name: mesh }
spec:
  virtualIps: { ipv4: [127.242.0.0/16], ipv6: [] }
  access: { mode: Enforced }
---
apiVersion: metaprotocol.aeraki.io/v1alpha1
kind: ApplicationProtocol
metadata: { name: awesomerpc, namespace: shop }
spec: { protocol: awesomerpc, codec: aeraki.meta_protocol.codec.awesomerpc }
`;

const service = (port: number): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: orders, namespace: shop }
spec:
  hosts: [orders.shop.mesh]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: ${port}, name: tcp-metaprotocol-awesomerpc, protocol: TCP }]
  endpoints: [{ address: ${orders.address}, serviceAccount: ${orders.name} }]
`;

/** A TrafficTarget for orders; without sources, nobody may call. */
const target = (sources: readonly Account[]): string => `apiVersion: specs.smi-spec.io/v1alpha4
kind: TCPRoute
metadata: { name: any, namespace: shop }
spec: { matches: { ports: [] } }
---
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: { name: orders, namespace: shop }
spec:
  destination: { kind: ServiceAccount, name: orders, namespace: shop }
  rules: [{ kind: TCPRoute, name: any }]
  sources: [${sources.map(({ name }) => `{ kind: ServiceAccount, name: ${name}, namespace: shop }`).join(', ')}]
`;

export class MetaproxyMesh {
  readonly plane: InProcessPlane;
  /** Of the service, and of the workload on loopback. */
  readonly port: number;
  readonly #xds: string;

  private constructor(plane: InProcessPlane, port: number, xds: string) {
    this.plane = plane;
    this.port = port;
    this.#xds = xds;
  }

  static async start(...sources: readonly Account[]): Promise<MetaproxyMesh> {
    const plane = await InProcessPlane.create();
    const [port = 0] = await freePorts(1);
    await plane.write('mesh.yaml', mesh);
    await plane.write('service.yaml', service(port));
    await plane.write('target.yaml', target(sources));
    await plane.write('requests.yaml', '');
    const files = ['mesh.yaml', 'service.yaml', 'target.yaml', 'requests.yaml'];
    const { serving } = await plane.serve(files, { insecureIdentities: true, xdsTls: '127.0.0.1:0' });
    return new MetaproxyMesh(plane, port, await serving);
  }

  /** Says anew who may call orders. */
  async permit(...sources: readonly Account[]): Promise<void> {
    await this.plane.write('target.yaml', target(sources));
  }

  /** Says anew which requests get through: the spec of a RequestAuthorizationPolicy. */
  async admit(spec: string): Promise<void> {
    const head = 'apiVersion: isthmus.dev/v1alpha1\nkind: RequestAuthorizationPolicy\n';
    await this.plane.write('requests.yaml', `${head}metadata: { name: orders, namespace: shop }\nspec: ${spec}\n`);
  }

  /** Resolves once it has its first configuration. */
  async proxy({ name, address }: Account, more: Partial<MetaproxyOptions> = {}): Promise<Metaproxy> {
    const running = await startMetaproxy({
      xds: { address: this.#xds },
      node: {
        id: `sidecar~${address}~${name}.shop~cluster.local`,
        namespace: 'shop',
        serviceAccount: name,
        addresses: [address],
      },
      limits: { drainMs: 400, lingerMs: 100, listenerGraceMs: 0, connectRetryMs: 50 },
      ...more,
    });
    onTestFinished(() => running.stop());
    await running.ready;
    return running;
  }

  /** Where callers of the service dial. */
  async virtualIp(): Promise<string> {
    return (await this.plane.leaseOf('shop/orders.shop.mesh'))?.ipv4 ?? '';
  }
}
