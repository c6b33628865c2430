/** A server over a store, driven without the rest of the product: resources are names with any text. */
import { createHash } from 'node:crypto';
import type { EncodedResource } from '../../../src/delivery/xds/resources/resource-source.ts';
import { createResourceStore, type ResourceStore } from '../../../src/delivery/xds/resources/resource-store.ts';
import { standardTypes } from '../../../src/delivery/xds/resources/resource-types.ts';
import { createXdsServer, type XdsServer, type XdsServerOptions } from '../../../src/delivery/xds/server.ts';
import type { XdsObserver } from '../../../src/delivery/xds/streams/observer.ts';
import type { ServerTls } from '../../../src/delivery/xds/transport/server-tls.ts';
import type { envoy } from '../../../src/xds-api/messages.ts';
import { type Dialect, RawClient, type Response } from './raw-client.ts';

/** Served beside the usual types, and pushed after them: what a test asks for to see that nothing else came. */
const fenceType = 'type.googleapis.com/test.Fence';
const FENCES = 20;

/** For what cannot be awaited. */
export const patience = { interval: 5 };

export const node = (id = 'sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local'): envoy.config.core.v3.Node => ({
  id,
  userAgentName: 'envoy',
});

export function resource(typeUrl: string, name: string, content: string): EncodedResource {
  const body = Buffer.from(`${name}=${content}`);
  return { typeUrl, name, version: createHash('sha256').update(body).digest('hex').slice(0, 16), body };
}

export interface Rig {
  readonly server: XdsServer;
  readonly store: ResourceStore;
  readonly target: string;
  readonly observed: {
    refused: number;
    stale: number;
    repeated: number;
    acknowledged: number;
    pushed: number;
    failed: unknown[];
  };
  /** Sets (`name: content`) and removes (`name: undefined`) in one batch. */
  change(typeUrl: string, contents: Readonly<Record<string, string | undefined>>): void;
  connect(dialect: Dialect, options?: ConstructorParameters<typeof RawClient>[2]): RawClient;
  /** Waits until a client has been sent everything due; fails if anything but the fence arrives. */
  silence(client: RawClient): Promise<void>;
  close(): Promise<void>;
}

export async function startRig(options: Partial<XdsServerOptions> = {}, tls?: ServerTls): Promise<Rig> {
  const store = createResourceStore({ scopesOf: () => ['mesh'], types: () => [...standardTypes, fenceType] });
  const observed: Rig['observed'] = { refused: 0, stale: 0, repeated: 0, acknowledged: 0, pushed: 0, failed: [] };
  const observer: Partial<XdsObserver> = {
    refused: () => void observed.refused++,
    nonceIgnored: (_type, kind) => void observed[kind]++,
    acknowledged: () => void observed.acknowledged++,
    pushed: () => void observed.pushed++,
    failed: (error) => void observed.failed.push(error),
  };
  const server = createXdsServer({ source: store, observer, ...options });
  const { host, port } = await server.listen({ host: '127.0.0.1', port: 0, ...(tls === undefined ? {} : { tls }) });
  const change: Rig['change'] = (typeUrl, contents) =>
    store.apply(
      Object.entries(contents).map(([name, content]) => ({
        scope: 'mesh',
        typeUrl,
        name,
        resource: content === undefined ? undefined : resource(typeUrl, name, content),
      })),
    );
  change(fenceType, Object.fromEntries(Array.from({ length: FENCES }, (_, index) => [`fence-${index}`, ''])));
  const clients: RawClient[] = [];
  const fences = new Map<RawClient, number>();
  return {
    server,
    store,
    target: `${host}:${port}`,
    observed,
    change,
    connect(dialect, clientOptions) {
      const client = new RawClient(`${host}:${port}`, dialect, clientOptions);
      clients.push(client);
      return client;
    },
    async silence(client) {
      const name = `fence-${fences.get(client) ?? 0}`;
      fences.set(client, (fences.get(client) ?? 0) + 1);
      client.send({ typeUrl: fenceType, resourceNames: [name], resourceNamesSubscribe: [name] });
      const response = await client.next();
      if (response.typeUrl !== fenceType) throw new Error(`expected silence, got ${JSON.stringify(response)}`);
      client.acknowledge(response, [name]);
    },
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      await server.close(0);
    },
  };
}

/** What a response says, without what differs from run to run. */
export function said(response: Response): {
  readonly resources: readonly string[];
  readonly removed: readonly string[];
} {
  return { resources: response.resources.map(({ body }) => body), removed: response.removed };
}
