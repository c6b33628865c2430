/** A real istiod on a real API server with Namespaces `shop` and `pay`, and proxies that ask it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { listenerType } from '../../../src/delivery/xds/resources/resource-types.ts';
import { loadOffline } from '../../../src/main/offline.ts';
import { Istiod } from '../../peers/istio/istiod.ts';
import { IstiodClient, type ProxyPlace } from '../../peers/istio/istiod-client.ts';
import { istiodPeer } from '../../peers/istio/istiod-peer.ts';
import { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';

/** Says how it is built where it is not: it is no part of what CI installs. */
export function isIstiodBuilt(): boolean {
  const isBuilt = istiodPeer.find() !== undefined;
  if (!isBuilt) console.warn('istiod is not built: node test/peers/istio/install.ts');
  return isBuilt;
}

/** Names of the filters of each chain of a listener, or of those chains that are for a port. */
export function filtersOf(client: IstiodClient, listener: string, port?: number): readonly (readonly string[])[] {
  const listeners = client.resources(listenerType, 'envoy.config.listener.v3.Listener');
  return (listeners.find(({ name }) => name === listener)?.filterChains ?? [])
    .filter(({ filterChainMatch }) => port === undefined || filterChainMatch?.destinationPort?.value === port)
    .map(({ filters = [] }) => filters.map(({ name = '' }) => name.replace('envoy.filters.network.', '')));
}

type ToldObject = Awaited<ReturnType<Awaited<ReturnType<typeof loadOffline>>['istio']>>[number];

export class IstiodScene {
  readonly kubernetes: KubernetesServer;
  readonly istiod: Istiod;
  readonly #clients: IstiodClient[] = [];

  private constructor(kubernetes: KubernetesServer, istiod: Istiod) {
    this.kubernetes = kubernetes;
    this.istiod = istiod;
  }

  static async start(): Promise<IstiodScene> {
    const kubernetes = await KubernetesServer.start();
    try {
      const istiod = await Istiod.start(kubernetes);
      const scene = new IstiodScene(kubernetes, istiod);
      await scene.apply(['shop', 'pay'].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })));
      return scene;
    } catch (error) {
      await kubernetes.stop();
      throw error;
    }
  }

  /** A proxy that istiod is asked as; closed with the scene. */
  connect(place: ProxyPlace): IstiodClient {
    const client = new IstiodClient(this.istiod.xds, place);
    this.#clients.push(client);
    return client;
  }

  async apply(objects: readonly unknown[]): Promise<void> {
    await this.kubernetes.apply(objects.map((object) => JSON.stringify(object)).join('\n---\n'));
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.istiod.stop();
    await this.kubernetes.stop();
  }
}

/** What `isthmus translate --to istio` prints of these manifests. */
export async function toldToIstio(...manifests: readonly string[]): Promise<readonly ToldObject[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'isthmus-istio-'));
  try {
    manifests.forEach((text, index) => {
      writeFileSync(path.join(folder, `manifest-${index}.yaml`), text);
    });
    return (await loadOffline([folder])).istio();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
