/**
 * Manifests of a desk, for callers in its namespace alone: a Thrift service in two versions, routed by method, by
 * service name and by a header.
 */

export interface Desk {
  readonly name: string;
  readonly port: number;
  readonly v1: number;
  readonly v2: number;
  /** Where nothing listens, though it is said to be version 4. */
  readonly dead?: number;
}

export const deskHost = ({ name }: Pick<Desk, 'name'>): string => `${name}.desk.mesh`;

const serviceEntry = ({ name, port, v1, v2, dead }: Desk): string => {
  const endpoints = Object.entries({ v1, v2, ...(dead === undefined ? {} : { v4: dead }) }).map(
    ([version, number]) => `
    - { address: 127.0.0.1, ports: { tcp-metaprotocol-thrift-desk: ${number} }, labels: { version: ${version} } }`,
  );
  return `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: desk }
spec:
  hosts: [${name}.desk.mesh]
  exportTo: ['.']
  location: MESH_INTERNAL
  resolution: STATIC
  ports:
    - { number: ${port}, name: tcp-metaprotocol-thrift-desk, protocol: TCP }
  endpoints:${endpoints.join('')}
`;
};

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
    - { name: v4, labels: { version: v4 } }
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
    route('down', 'method', '{ exact: down }', 'v4'),
    route('blue', 'tenant', '{ exact: blue }', 'v2'),
    route('admin', 'service', '{ exact: admin }', 'v2'),
    route('rest', 'method', '{ regex: "greet|reflect|notes?|missing" }', 'v1'),
  ].join('')}
`;
};

export function deskManifest(desk: Desk): string {
  return [serviceEntry(desk), destinationRule(desk), metaRouter(desk)].join('---\n');
}

/** Where a proxy stands before a desk: it lets one `greetBeta` through in an hour. */
export const GUARDED_ADDRESS = '127.0.0.77';

/** A desk of one version behind the proxy at GUARDED_ADDRESS. */
export const guardedManifest = ({ name, port, v1 }: Omit<Desk, 'v2'>): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: desk }
spec:
  hosts: [${name}.desk.mesh]
  exportTo: ['.']
  location: MESH_INTERNAL
  resolution: STATIC
  ports:
    - { number: ${port}, name: tcp-metaprotocol-thrift-desk, protocol: TCP }
  endpoints:
    - { address: ${GUARDED_ADDRESS}, ports: { tcp-metaprotocol-thrift-desk: ${v1} } }
---
apiVersion: metaprotocol.aeraki.io/v1alpha1
kind: MetaRouter
metadata: { name: ${name}, namespace: desk }
spec:
  hosts: [${name}.desk.mesh]
  localRateLimit:
    conditions:
      - match: { attributes: { method: { exact: greetBeta } } }
        tokenBucket: { maxTokens: 1, tokensPerFill: 1, fillInterval: 3600s }
`;
