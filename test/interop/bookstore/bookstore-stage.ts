/** The scene of examples/bookstore for tests, and the questions they ask in it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';
import type { Player } from '../../../examples/bookstore/cast.ts';
import type { Outcome } from '../../../examples/bookstore/errand.ts';
import type { Entry, Ledger } from '../../../examples/bookstore/ledger.ts';
import { Scene } from '../../../examples/bookstore/scene.ts';
import { until } from '../../../examples/bookstore/until.ts';
import { Cleanup } from '../../../examples/quickstart/cleanup.ts';

export const STORE = 'http://bookstore.bookstore.svc.cluster.local:14001';
export const WAREHOUSE = 'http://bookwarehouse.bookwarehouse.svc.cluster.local:14001';

/** What Go's HTTP client says of itself, and who the buyer says he is. */
export const asBuyer = { 'user-agent': 'Go-http-client/1.1', 'client-app': 'bookbuyer' };

export class BookstoreStage {
  readonly scene: Scene;
  readonly #cleanup: Cleanup;

  private constructor(scene: Scene, cleanup: Cleanup) {
    this.scene = scene;
    this.#cleanup = cleanup;
  }

  static async start(envoy: string): Promise<BookstoreStage> {
    const cleanup = new Cleanup();
    const folder = cleanup.own(
      () => mkdtempSync(path.join(tmpdir(), 'isthmus-bookstore-')),
      (made) => rmSync(made, { recursive: true, force: true }),
    );
    try {
      return new BookstoreStage(await Scene.start({ folder, envoy, hasDatabase: true }, cleanup, () => {}), cleanup);
    } catch (error) {
      await cleanup.run();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#cleanup.run();
  }

  /** The mesh as its policies want it, and nothing besides: where each test begins. */
  async begin(...steps: readonly string[]): Promise<void> {
    for (const file of ['split.yaml', 'retry.yaml', 'egress.yaml', 'ingress.yaml', 'limit.yaml'])
      this.scene.remove(file);
    for (const step of ['closed', 'access']) this.scene.apply(step);
    await until('what other tests wrote is not in force any more', async () => isPlain(await this.#routesToStore()));
    await until('nobody is permitted what no policy names', () => this.#isClosed());
    await this.untilServed();
    for (const step of steps) this.scene.apply(step);
  }

  /** The stores and the warehouse refuse the buyer what is not for him; each hears of policies by itself. */
  async #isClosed(): Promise<boolean> {
    const stores = [1, 2].map((version) => `http://bookstore-v${version}.bookstore.svc.cluster.local:14001`);
    const outcomes = await Promise.all([
      ...stores.map((store) => this.ask('bookbuyer', `${store}/other`, asBuyer)),
      this.ask('bookbuyer', `${WAREHOUSE}/restock-books`, asBuyer, 'POST'),
    ]);
    return outcomes.every(({ status }) => status !== 200);
  }

  /** As the buyer's sidecar has them. */
  async #routesToStore(): Promise<unknown> {
    const dump = await this.scene.actor('bookbuyer').sidecar.ask('/config_dump?resource=dynamic_route_configs');
    const { configs = [] }: { readonly configs?: readonly RouteConfigDump[] } = JSON.parse(dump);
    return configs.find(({ route_config: { name } }) => name === 'bookstore.bookstore.svc.cluster.local:14001');
  }

  /** Until the buyer, and the store at the warehouse, get what they ask for. */
  async untilServed(): Promise<void> {
    await until('the buyer is served', () => this.#recently(this.scene.buyer, served));
  }

  async untilDenied(ledger: Ledger): Promise<void> {
    await until('the customer is denied', () => this.#recently(ledger, (recent) => !recent.some(isSuccess)));
  }

  /** The next entries of a customer, this many. */
  async next(ledger: Ledger, count: number): Promise<readonly Entry[]> {
    const mark = ledger.length;
    await until(`${count} more requests`, () => ledger.length >= mark + count);
    return ledger.since(mark);
  }

  /** One request of a workload, whatever comes of it. */
  ask(player: Player, url: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<Outcome> {
    return this.scene.actor(player).visitor.ask({ url, method, headers });
  }

  /** How many of these requests of the buyer each store answered; all have to succeed. */
  async shares(path: string, userAgent: string, count: number): Promise<ReadonlyMap<string, number>> {
    const headers = { ...asBuyer, 'user-agent': userAgent };
    const { visitor } = this.scene.actor('bookbuyer');
    const outcomes = await visitor.run({ url: `${STORE}${path}`, headers, count });
    expect(outcomes.filter(({ status }) => status !== 200)).toEqual([]);
    return new Map(outcomes.map(({ identity = '', count: times }) => [identity, times]));
  }

  /** Serial numbers of the certificates that a workload's sidecar uses. */
  async serials(player: Player): Promise<readonly string[]> {
    const certificates = await this.scene.actor(player).sidecar.ask('/certs');
    return [...certificates.matchAll(/"serial_number": "([0-9a-f]+)"/g)].map(([, serial = '']) => serial);
  }

  #recently(ledger: Ledger, holds: (recent: readonly Entry[]) => boolean): boolean {
    const recent = ledger.since(Math.max(0, ledger.length - 8));
    return recent.length === 8 && holds(recent);
  }
}

interface RouteConfigDump {
  readonly route_config: { readonly name: string };
}

/** Neither split nor retried. */
function isPlain(routes: unknown): boolean {
  const text = JSON.stringify(routes) ?? '';
  return text.includes('bookstore.bookstore') && !/bookstore-v[12]|num_retries/.test(text);
}

export const isSuccess = ({ status }: Pick<Entry, 'status'>): boolean => status.startsWith('2');

/** Of the buyer's requests: all succeeded, and so did what they led to. */
export function served(entries: readonly Entry[]): boolean {
  const restocks = entries.filter(({ path }) => path === '/buy-a-book/new');
  return restocks.length > 0 && entries.every(isSuccess) && restocks.every(({ restocked }) => restocked === '200');
}

/** What was not as it should be; empty when each request, and what it led to, succeeded. */
export function failures(entries: readonly Entry[]): readonly Entry[] {
  return entries.filter(
    (entry) => !isSuccess(entry) || (entry.path === '/buy-a-book/new' && entry.restocked !== '200'),
  );
}

/** What was asked for. */
export function wishes(entries: readonly Entry[]): readonly string[] {
  return [...new Set(entries.map(({ path }) => path))].toSorted();
}

/** By whom these were answered. */
export function identities(entries: readonly Entry[]): readonly string[] {
  return [...new Set(entries.map(({ identity }) => identity))].toSorted();
}
