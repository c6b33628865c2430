/**
 * Our webhooks: an address of their own, certificates whose roots all replicas share, and what API servers are told of these.
 *
 *   Secret of roots --> certificate --> HTTPS listener: /validate, /inject
 *                           '---------> caBundle of our configurations, by the replica that writes
 */

import type { Registry } from 'prom-client';
import { Engine } from '../../collections/engine.ts';
import type { Writership } from '../../delivery/kubernetes/replicas/writership.ts';
import { keepCaBundle, type WebhookKind } from '../../delivery/kubernetes/webhooks/ca-bundle.ts';
import { injectionWebhook } from '../../delivery/kubernetes/webhooks/injection-webhook.ts';
import { SecretValue } from '../../delivery/kubernetes/webhooks/secret-value.ts';
import { validationWebhook } from '../../delivery/kubernetes/webhooks/validation-webhook.ts';
import {
  type ServingCertificate,
  type Webhook,
  WebhookListener,
} from '../../delivery/kubernetes/webhooks/webhook-listener.ts';
import type { ApiServer } from '../../kubernetes-api/api-server.ts';
import { systemClock } from '../../model/clock.ts';
import type { Finding } from '../../model/finding.ts';
import { isLoopback } from '../../model/loopback.ts';
import { ownLabels, ownName } from '../../model/ownership.ts';
import { parseAddress } from '../../model/tcp-address.ts';
import type { Logger } from '../../operations/log.ts';
import { createWebhookMetrics } from '../../operations/webhook-metrics.ts';
import { WebhookCertificates } from '../../security/webhook-certificates.ts';
import type { WebhookLives } from '../../security/webhook-roots.ts';
import { AdmissionRehearsal } from '../../sources/rehearsal/admission-rehearsal.ts';
import type { InjectionSettings } from '../../translate/injection/injection-settings.ts';
import { createManifestReader } from '../manifests.ts';
import { buildPipeline, type Pipeline } from '../pipeline.ts';
import type { ClusterPart } from './cluster-part.ts';

export interface WebhookSurroundings {
  /** Where to listen, `host:port`. */
  readonly at: string;
  /** As they are at the moment of a request. */
  readonly injection: () => InjectionSettings;
  readonly pipeline: Pipeline;
  /** What is sent is refused unless this replica is the writer. */
  readonly server: ApiServer;
  readonly writership: Writership;
  readonly revision: string;
  readonly systemNamespace: string;
  readonly metrics: Registry;
  readonly log: Logger;
  readonly lives?: Partial<WebhookLives>;
}

export interface RunningWebhooks extends ClusterPart {
  /** `host:port` once it listens, for which there has to be a certificate. */
  readonly listening: Promise<string>;
  /** Looks after the certificate at once. */
  look(): Promise<void>;
}

const webhookPaths = { validate: '/validate', inject: '/inject' } as const;

export function startWebhooks(surroundings: WebhookSurroundings): RunningWebhooks {
  return new ServedWebhooks(surroundings);
}

class ServedWebhooks implements RunningWebhooks {
  readonly #surroundings: WebhookSurroundings;
  readonly #certificates: WebhookCertificates;
  readonly #rehearsal: AdmissionRehearsal;
  readonly #answered: ReturnType<typeof createWebhookMetrics>;
  readonly #listening = Promise.withResolvers<string>();
  readonly #stopFollowing: () => void;
  #listener: Promise<WebhookListener> | undefined;

  constructor(surroundings: WebhookSurroundings) {
    const { at, server, writership, revision, systemNamespace: namespace, pipeline, metrics, lives } = surroundings;
    const { host } = parseAddress(at, '--webhook');
    const name = ownName(revision);
    this.#surroundings = surroundings;
    this.#answered = createWebhookMetrics(metrics);
    this.#rehearsal = new AdmissionRehearsal(pipeline, {
      build: () => buildPipeline(new Engine()),
      clock: systemClock,
    });
    // Who waits for it is told of a failure, and the log is; nobody need wait.
    this.#listening.promise.catch(() => {});
    const labels = ownLabels(revision);
    this.#certificates = new WebhookCertificates({
      store: new SecretValue(server, { namespace, name: `${name}-webhook-roots`, labels }),
      isWriter: () => writership.isWriter,
      announce: async (bundle) => {
        const kinds: readonly WebhookKind[] = ['validating', 'mutating'];
        const told = await Promise.all(kinds.map((kind) => keepCaBundle(server, kind, name, bundle)));
        return told.includes(true);
      },
      clock: systemClock,
      namespace,
      dnsNames: [`${name}.${namespace}.svc`, ...(isLoopback(host) ? ['localhost'] : [])],
      onCertificate: (certificate) => void this.#serve(certificate),
      ...(lives === undefined ? {} : { lives }),
    });
    this.#stopFollowing = writership.onChange(() => void this.#certificates.look());
  }

  get listening(): Promise<string> {
    return this.#listening.promise;
  }

  look(): Promise<void> {
    return this.#certificates.look();
  }

  findings(): readonly Finding[] {
    return this.#certificates.findings();
  }

  async close(): Promise<void> {
    this.#stopFollowing();
    await this.#certificates.close();
    const listener = await this.#listener?.catch(() => undefined);
    await listener?.close();
    this.#rehearsal.close();
  }

  async #serve(certificate: ServingCertificate): Promise<void> {
    const { at, log } = this.#surroundings;
    try {
      if (this.#listener === undefined) {
        this.#listener = this.#listen(certificate);
        const { address } = await this.#listener;
        log.info({ webhook: address }, 'webhooks are served');
        this.#listening.resolve(address);
      } else (await this.#listener).renew(certificate);
    } catch (error) {
      log.error({ err: error, at }, 'webhooks are not served');
      this.#listening.reject(error);
    }
  }

  #listen(certificate: ServingCertificate): Promise<WebhookListener> {
    const { at, log } = this.#surroundings;
    return WebhookListener.listen({
      address: parseAddress(at, '--webhook'),
      webhooks: this.#webhooks(),
      certificate,
      answered: this.#answered,
      failed: (path, error) => log.error({ err: error, path }, 'a webhook failed'),
    });
  }

  #webhooks(): ReadonlyMap<string, Webhook> {
    const { pipeline, revision, injection } = this.#surroundings;
    const reader = createManifestReader();
    const validate = validationWebhook({
      read: (object) => reader.read(object),
      revision,
      findingsInMesh: (resource, object) => this.#rehearsal.findingsOf(resource, object),
    });
    const inject = injectionWebhook({
      settings: injection,
      labelsOf: (namespace) => pipeline.resources.Namespace.get(`Namespace//${namespace}`)?.metadata.labels ?? {},
    });
    return new Map([
      [webhookPaths.validate, validate],
      [webhookPaths.inject, inject],
    ]);
  }
}
