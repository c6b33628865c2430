/**
 * A control plane's statuses at a real API server: a pipeline that follows the objects there, and the part that writes. What proxies say is said by the test.
 */
import { Registry } from 'prom-client';
import { vi } from 'vitest';
import { Engine } from '../../../src/collections/engine.ts';
import { EventRecorder } from '../../../src/delivery/kubernetes/events/event-recorder.ts';
import type { Writership } from '../../../src/delivery/kubernetes/replicas/writership.ts';
import type { Refusal } from '../../../src/delivery/xds/reports/stream-refusals.ts';
import type { ApiChange, ApiServer } from '../../../src/kubernetes-api/api-server.ts';
import type { ClusterPart, SeenListener } from '../../../src/main/kubernetes/cluster-part.ts';
import { startStatusWriting } from '../../../src/main/kubernetes/status-writing.ts';
import { buildPipeline } from '../../../src/main/pipeline.ts';
import { systemClock } from '../../../src/model/clock.ts';
import type { ProxyNode } from '../../../src/model/proxy.ts';
import { createResourceReader } from '../../../src/resources/reader.ts';
import { KubernetesSource } from '../../../src/sources/kubernetes/kubernetes-source.ts';

/** What the API server was asked to change. */
export interface Sent {
  readonly method: string;
  readonly path: string;
}

export class StatusScene {
  readonly #engine = new Engine();
  readonly #pipeline = buildPipeline(this.#engine);
  readonly #source: KubernetesSource;
  readonly #started: Promise<void>;
  readonly #listeners = new Set<(isWriter: boolean) => void>();
  #isWriter = true;
  #looks = 0;
  readonly #part: ClusterPart;
  readonly #events: EventRecorder;
  readonly #metrics = new Registry();
  readonly sent: Sent[] = [];
  #seen: SeenListener = () => {};
  refusals: readonly Refusal[] = [];
  laggards: readonly ProxyNode[] = [];

  /** `writing`: as whom it writes. */
  constructor(api: ApiServer, writing = api) {
    this.#source = new KubernetesSource({
      server: api,
      url: 'https://127.0.0.1',
      tables: this.#pipeline.sourced,
      batch: (change) => this.#engine.batch(change),
      read: createResourceReader().read,
      revision: 'default',
      written: new Set(),
      onSeen: (...seen) => this.#seen(...seen),
    });
    this.#started = this.#source.start();
    const scene = this;
    const writership: Writership = {
      get isWriter() {
        return scene.#isWriter;
      },
      onChange: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
    const server = { ...counted(writing, this.sent), stream: writing.stream.bind(writing), close: () => {} };
    const isWriter = (): boolean => this.#isWriter;
    this.#events = new EventRecorder({ api: server, clock: systemClock, isWriter, instance: 'test' });
    this.#part = startStatusWriting({
      pipeline: this.#pipeline,
      server,
      writership,
      revision: 'default',
      precedence: { isFirst: true, onChange: () => () => {} },
      replicas: { say: () => {}, heard: () => new Map() },
      events: this.#events,
      partFindings: () => [],
      isComplete: () => this.#source.isComplete,
      registries: () => [],
      onSeen: (listener) => {
        this.#seen = listener;
        return () => {};
      },
      xds: { streams: () => [], hasProxies: false, refusals: () => this.#look(), laggards: () => this.laggards },
      metrics: this.#metrics,
    });
  }

  /** Until what proxies say was looked at from now on, and again: the first look may have been under way. */
  async looked(): Promise<void> {
    const from = this.#looks;
    await vi.waitUntil(() => this.#looks >= from + 2);
  }

  /** Until all that is known is written. */
  async settled(): Promise<void> {
    await this.looked();
    await vi.waitUntil(async () => {
      const depth = await this.#metrics.getSingleMetric('isthmus_status_queue_depth')?.get();
      return depth?.values[0]?.value === 0;
    });
  }

  codes(): readonly string[] {
    return this.#part.findings().map(({ code, object }) => `${code} ${object.name}`);
  }

  messages(): string {
    return this.#part
      .findings()
      .map(({ message }) => message)
      .join('\n');
  }

  setWriter(isWriter: boolean): void {
    this.#isWriter = isWriter;
    for (const listener of this.#listeners) listener(isWriter);
  }

  async close(): Promise<void> {
    await this.#part.close();
    await this.#events.close();
    await this.#started;
    await this.#source.close();
  }

  #look(): readonly Refusal[] {
    this.#looks++;
    return this.refusals;
  }
}

function counted(api: ApiServer, sent: Sent[]): Pick<ApiServer, 'get' | 'send'> {
  return {
    get: async (path, signal) => api.get(path, signal),
    send: async (change: ApiChange, signal) => {
      sent.push({ method: change.method, path: change.path });
      return api.send(change, signal);
    },
  };
}
