/** Services whose answers name them, splits between them, and callers that count what they are answered. */
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { text } from 'node:stream/consumers';
import type { InteropMesh } from './interop-mesh.ts';

/** The HTTP service `<name>.shop.mesh`; without an endpoint it is only a name that a split can be for. */
export const webService = (name: string, port: number, endpoint?: string): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: shop }
spec:
  hosts: [${name}.shop.mesh]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: ${port}, name: http-web, protocol: HTTP }]
  endpoints: [${endpoint ?? ''}]
`;

/** `backends`: name -> weight, of services of the same namespace. */
export const split = (
  service: string,
  backends: Readonly<Record<string, number>>,
  { name = service, namespace = 'shop', matches = '' } = {},
): string => `apiVersion: split.smi-spec.io/v1alpha4
kind: TrafficSplit
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  service: ${service}.${namespace}.mesh
  matches: [${matches === '' ? '' : `{ kind: HTTPRouteGroup, name: ${matches} }`}]
  backends: [${Object.entries(backends)
    .map(([backend, weight]) => `{ service: ${backend}.${namespace}.mesh, weight: ${weight} }`)
    .join(', ')}]
`;

export async function startWeb(mesh: InteropMesh, name: string, port: number): Promise<void> {
  const server = createServer((_, response) => response.end(name));
  await once(server.listen(port, '127.0.0.1'), 'listening');
  mesh.cleanup.own(
    () => server,
    () => {
      server.close();
      server.closeAllConnections();
    },
  );
}

/** Whoever answered; the status where it is not 200. */
export async function askWeb(url: string, init: RequestInit = {}): Promise<string> {
  const answer = await fetch(url, init);
  const text = await answer.text();
  return answer.ok ? text : `${answer.status}`;
}

/** Whoever answered, on a connection of its own. */
export async function askOnConnection(url: string): Promise<string> {
  const request = get(url, { agent: false });
  const [response] = await once(request, 'response');
  return text(response);
}

/** How often each answer came, of so many; a few are asked for at a time. */
export async function countAnswers(
  ask: () => Promise<string>,
  many: number,
): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  let left = many;
  const caller = async (): Promise<void> => {
    while (left > 0) {
      left--;
      const answer = await ask();
      counts[answer] = (counts[answer] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 10 }, caller));
  return counts;
}

/** What callers are answered while `action` runs; rejects when one of them gets no answer. */
export async function answersWhile(
  ask: () => Promise<string>,
  action: () => Promise<void>,
): Promise<readonly string[]> {
  const answers: string[] = [];
  let isOver = false;
  const caller = async (): Promise<void> => {
    while (!isOver) answers.push(await ask());
  };
  const callers = Promise.all(Array.from({ length: 8 }, caller));
  try {
    await Promise.race([action(), callers]);
  } finally {
    isOver = true;
  }
  await callers;
  return answers;
}
