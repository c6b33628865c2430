/** For tests: a stand-in for a Polaris server's HTTP API, which answers what a real one cannot be made to answer. */
import { once } from 'node:events';
import http from 'node:http';
import { buffer } from 'node:stream/consumers';

/** A request as it came: JSON. */
export interface AskedOf {
  readonly type: string;
  readonly service: { readonly name?: string; readonly namespace?: string; readonly revision?: string };
  readonly token: string | undefined;
}

export interface StandIn {
  readonly address: string;
  readonly asked: readonly AskedOf[];
  close(): Promise<void>;
}

/** `answer`: gives the body; text goes as it is, and undefined is no answer at all. */
export async function startStandIn(answer: (request: AskedOf) => object | string | undefined): Promise<StandIn> {
  const asked: AskedOf[] = [];
  const server = http.createServer((request, response) => {
    void buffer(request).then((body) => {
      const header = request.headers['x-polaris-token'];
      const token = typeof header === 'string' ? header : undefined;
      const { type, service }: AskedOf = JSON.parse(body.toString());
      const one = { type, service, token };
      asked.push(one);
      const reply = answer(one);
      if (reply !== undefined) response.end(typeof reply === 'string' ? reply : JSON.stringify(reply));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const at = server.address();
  if (at === null || typeof at === 'string') throw new Error('no address');
  return {
    address: `http://127.0.0.1:${at.port}`,
    asked,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Answers of a server as they were recorded of a real one, but for what is given. */
export function listOf(names: readonly string[], revision = 'r1'): object {
  const services = names.map((name) => ({ name, namespace: 'Production', metadata: {} }));
  return { code: 200_000, info: 'execute success', type: 'SERVICES', service: { name: null, revision }, services };
}

export function instancesOf({ service }: AskedOf, hosts: readonly string[], revision = 'i1'): object {
  const instances = hosts.map((host) => ({
    id: `id-${host}`,
    host,
    port: 8081,
    protocol: 'grpc',
    version: null,
    weight: 100,
    healthy: true,
    isolate: false,
    location: { region: 'south', zone: null, campus: null },
    metadata: { version: 'v1' },
    enableHealthCheck: null,
  }));
  return { code: 200_000, info: 'execute success', type: 'INSTANCE', service: { ...service, revision }, instances };
}
