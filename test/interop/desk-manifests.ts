/** Manifests of a desk: a Thrift service in two versions, routed by method, by service name and by a header. */

export interface Desk {
  readonly name: string;
  readonly port: number;
  readonly v1: number;
  readonly v2: number;
}

export const deskHost = ({ name }: Pick<Desk, 'name'>): string => `${name}.desk.mesh`;

const serviceEntry = ({ name, port, v1, v2 }: Desk): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: desk }
spec:
  hosts: [${name}.desk.mesh]
  location: MESH_INTERNAL
  resolution: STATIC
  ports:
    - { number: ${port}, name: tcp-metaprotocol-thrift-desk, protocol: TCP }
  endpoints:
    - { address: 127.0.0.1, ports: { tcp-metaprotocol-thrift-desk: ${v1} }, labels: { version: v1 } }
    - { address: 127.0.0.1, ports: { tcp-metaprotocol-thrift-desk: ${v2} }, labels: { version: v2 } }
`;

/** Nothing runs as version 3. */
const destinationRule = ({ name }: Desk): string => `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ${name}, namespace: desk }
spec:
  host: ${name}.desk.mesh
  subsets:
    - { name: v1, labels: { version: v1 } }
    - { name: v2, labels: { version: v2 } }
    - { name: v3, labels: { version: v3 } }
`;

/** The method `nowhere` has no route. */
const metaRouter = ({ name }: Desk): string => {
  const route = (routeName: string, attribute: string, match: string, subset: string): string => `
    - name: ${routeName}
      match: { attributes: { ${attribute}: ${match} } }
      route:
        - destination: { host: ${name}.desk.mesh, subset: ${subset} }`;
  return `apiVersion: metaprotocol.aeraki.io/v1alpha1
kind: MetaRouter
metadata: { name: ${name}, namespace: desk }
spec:
  hosts: [${name}.desk.mesh]
  routes:${[
    route('beta', 'method', '{ exact: greetBeta }', 'v2'),
    route('lost', 'method', '{ exact: lost }', 'v3'),
    route('blue', 'tenant', '{ exact: blue }', 'v2'),
    route('admin', 'service', '{ exact: admin }', 'v2'),
    route('rest', 'method', '{ regex: "greet|reflect|notes?|missing" }', 'v1'),
  ].join('')}
`;
};

export function deskManifest(desk: Desk): string {
  return [serviceEntry(desk), destinationRule(desk), metaRouter(desk)].join('---\n');
}
