/** Services with bounds, workloads of them, and callers that look at each answer. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createConnection, createServer as createTcpServer } from 'node:net';
import type { Workload } from './envoy-process.ts';
import type { InteropMesh } from './interop-mesh.ts';

interface Entry {
  readonly port: number;
  readonly protocol?: 'http' | 'tcp';
  /** Further lines of each endpoint, such as `locality: region/zone`. */
  readonly endpoint?: (workload: Pick<Workload, 'address'>) => string;
}

/** The service `<name>.shop.mesh` of the workloads. */
export const entry = (
  name: string,
  workloads: readonly (Pick<Workload, 'address'> & Partial<Workload>)[],
  { port, protocol = 'http', endpoint = () => '' }: Entry,
): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: shop }
spec:
  hosts: [${name}.shop.mesh]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: ${port}, name: ${protocol}-${name}, protocol: ${protocol.toUpperCase()} }]
  endpoints:
${workloads
  .map(({ address, serviceAccount }) => {
    const account = serviceAccount === undefined ? '' : `, serviceAccount: ${serviceAccount}`;
    return `    - { address: ${address}${account}${endpoint({ address })} }`;
  })
  .join('\n')}
`;

/** `spec`: further lines, at the depth of the spec. */
export const setting = (name: string, spec: string): string => `apiVersion: policy.openservicemesh.io/v1alpha1
kind: UpstreamTrafficSetting
metadata: { name: ${name}, namespace: shop }
spec:
  host: ${name}.shop.mesh
${spec}
`;

export const permit = (to: Workload, ...from: readonly Workload[]): string => `apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: { name: all, namespace: shop }
spec:
  matches: [{ name: all, pathRegex: / }]
---
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: { name: ${to.serviceAccount}, namespace: shop }
spec:
  destination: { kind: ServiceAccount, name: ${to.serviceAccount}, namespace: shop }
  rules: [{ kind: HTTPRouteGroup, name: all }]
  sources: [${from.map(({ serviceAccount }) => `{ kind: ServiceAccount, name: ${serviceAccount}, namespace: shop }`).join(', ')}]
`;

/** A workload; resolves to how it ends. */
export async function serve(
  mesh: InteropMesh,
  port: number,
  answer: RequestListener,
  address = '127.0.0.1',
): Promise<() => void> {
  const server = createServer(answer);
  await once(server.listen(port, address), 'listening');
  const end = (): void => {
    server.close();
    server.closeAllConnections();
  };
  mesh.cleanup.own(() => server, end);
  return end;
}

/** A workload that says what it is told. */
export async function serveEcho(mesh: InteropMesh, port: number): Promise<void> {
  const server = createTcpServer((socket) => socket.on('error', () => {}).pipe(socket));
  await once(server.listen(port, '127.0.0.1'), 'listening');
  mesh.cleanup.own(
    () => server,
    () => void server.close(),
  );
}

export interface Answer {
  /** 0: no answer. */
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

export async function ask(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const none = { status: 0, text: '', headers: new Headers() };
  try {
    const answer = await fetch(url, { headers: { connection: 'close', ...headers } });
    return { status: answer.status, text: await answer.text(), headers: answer.headers };
  } catch {
    return none;
  }
}

/** The statuses of so many requests, one after the other. */
export async function statuses(many: number, asked: () => Promise<Answer>): Promise<readonly number[]> {
  const all: number[] = [];
  for (let at = 0; at < many; at++) all.push((await asked()).status);
  return all;
}

/** What a server that echoes says to a word; empty where the connection is closed instead. */
export async function echoOf(host: string, port: number): Promise<string> {
  const socket = createConnection({ host, port });
  let heard = '';
  socket.on('error', () => {});
  socket.on('data', (bytes) => {
    heard += bytes.toString();
    socket.destroy();
  });
  socket.write('hello');
  await new Promise((closed) => socket.once('close', closed));
  return heard;
}
