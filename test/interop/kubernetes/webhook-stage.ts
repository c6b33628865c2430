/** Our webhooks in this process, asked by a real API server. */
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { Engine } from '../../../src/collections/engine.ts';
import { writableBy } from '../../../src/delivery/kubernetes/replicas/writership.ts';
import type { ApiServer } from '../../../src/kubernetes-api/api-server.ts';
import { type RunningWebhooks, startWebhooks } from '../../../src/main/kubernetes/webhook-serving.ts';
import { createManifestReader } from '../../../src/main/manifests.ts';
import { buildPipeline, type Pipeline } from '../../../src/main/pipeline.ts';
import type { WebhookLives } from '../../../src/security/webhook-roots.ts';
import { setStates, tableOf } from '../../../src/sources/resource-tables.ts';
import { defaultInjectionSettings } from '../../../src/translate/injection/injection-settings.ts';
import type { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';
import { chartWebhooks } from './chart-webhooks.ts';

const systemNamespace = 'isthmus-system';

export interface StageOptions {
  readonly revision?: string;
  /** `host:port`. */
  readonly at?: string;
  readonly isWriter?: boolean;
  readonly lives?: Partial<WebhookLives>;
}

export class WebhookStage {
  readonly webhooks: RunningWebhooks;
  readonly pipeline: Pipeline;
  readonly metrics = new Registry();
  readonly #api: ApiServer;
  readonly #kubernetes: KubernetesServer;
  readonly #revision: string;

  private constructor(kubernetes: KubernetesServer, api: ApiServer, options: StageOptions) {
    const { revision = 'default', at = '127.0.0.1:0', isWriter = true, lives } = options;
    this.#kubernetes = kubernetes;
    this.#api = api;
    this.#revision = revision;
    this.pipeline = buildPipeline(new Engine());
    this.pipeline.engine.batch(() => setStates(this.pipeline.sourced, 'live'));
    const writership = { isWriter, onChange: () => () => {} };
    this.webhooks = startWebhooks({
      at,
      injection: () => ({ ...defaultInjectionSettings, revision }),
      pipeline: this.pipeline,
      server: writableBy(writership, api),
      writership,
      revision,
      systemNamespace,
      metrics: this.metrics,
      log: pino({ enabled: false }),
      ...(lives === undefined ? {} : { lives }),
    });
  }

  static async start(kubernetes: KubernetesServer, options: StageOptions = {}): Promise<WebhookStage> {
    return new WebhookStage(kubernetes, await kubernetes.access('admin'), options);
  }

  /** Tells the API server of the webhooks, and us that it was told. */
  async announce(kind: 'validating' | 'mutating'): Promise<void> {
    const url = `https://localhost:${(await this.webhooks.listening).split(':').at(-1)}`;
    const place = { revision: this.#revision, systemNamespace, url };
    const named = kind === 'validating' ? 'ValidatingWebhookConfiguration' : 'MutatingWebhookConfiguration';
    const configuration = chartWebhooks(named, place);
    await this.#kubernetes.apply(JSON.stringify(configuration));
    await this.webhooks.look();
  }

  /** As its source would have read them. */
  hold(...objects: readonly object[]): void {
    const reader = createManifestReader();
    this.pipeline.engine.batch(() => {
      for (const object of objects) {
        const { resource } = reader.read(object);
        if (resource === undefined) throw new Error('the object is none that is read');
        tableOf(this.pipeline.sourced, resource.key)?.set(resource);
      }
    });
  }

  async close(): Promise<void> {
    await this.webhooks.close();
    this.#api.close();
  }
}

/** Of a server that has just started: what is needed before anything else. */
export async function prepareNamespaces(kubernetes: KubernetesServer, ...names: readonly string[]): Promise<void> {
  const namespaces = [systemNamespace, ...names].map((name) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name },
  }));
  await kubernetes.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: namespaces }));
}
