/**
 * Keeps one ADS stream to the control plane open. A stream that ends is opened again after a pause that grows and
 * jitters; meanwhile, and whatever the control plane says, what is in force stays in force.
 */
import { Client, type ClientDuplexStream, credentials, type ServiceError } from '@grpc/grpc-js';
import { messageOf } from '../../model/errors.ts';
import { decode, encode, type Message, type MessageName } from '../../xds-api/messages.ts';
import type { AdsServer, NodeMessage } from '../config/bootstrap.ts';
import type { ResourceKind } from '../config/resources.ts';
import type { Configuration } from './configuration.ts';
import { Contact, type ContactObserver } from './contact.ts';
import { DeltaDialect } from './delta-dialect.ts';
import { type Dialect, Session } from './session.ts';
import { failureOf, type StreamFailure, streamEnded } from './stream-failure.ts';
import { WorldDialect } from './world-dialect.ts';

export interface AdsObserver extends ContactObserver {
  /** Resources of a response were refused. */
  refused(kind: ResourceKind, reason: string): void;
}

export interface AdsClientOptions {
  readonly server: AdsServer;
  readonly node: NodeMessage;
  readonly routeKind: 'routes' | 'nativeRoutes';
  readonly configuration: Configuration;
  readonly observer: AdsObserver;
  /** [0, 1) */
  readonly random?: () => number;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
const SERVICE = '/envoy.service.discovery.v3.AggregatedDiscoveryService';

const channelOptions = {
  'grpc.enable_retries': 0,
  'grpc.enable_channelz': 0,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.max_receive_message_length': 256 * 1024 * 1024,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
};

export class AdsClient {
  readonly #options: AdsClientOptions;
  /** On plaintext, one for all streams. */
  readonly #plaintext: Client | undefined;
  #cancel: (() => void) | undefined;
  #session: { end(): Promise<void> } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #stopped = false;
  #answered = new Set<ResourceKind>();
  #initialized: (() => void) | undefined;
  readonly #contact: Contact;
  /** Resolves when the control plane has been heard on clusters and listeners, and on routes and secrets if there are any. */
  readonly initialized: Promise<void>;

  constructor(options: AdsClientOptions) {
    this.#options = options;
    this.#contact = new Contact(options.observer);
    const { address, secure } = options.server;
    if (secure === undefined) this.#plaintext = new Client(address, credentials.createInsecure(), channelOptions);
    this.initialized = new Promise((resolve) => {
      this.#initialized = resolve;
    });
  }

  /** Why the control plane was never heard, if that is so. */
  get unreachedBecause(): string | undefined {
    return this.#contact.unreachedBecause;
  }

  start(): void {
    this.#open();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#cancel?.();
    await this.#session?.end();
    this.#plaintext?.close();
  }

  #open(): void {
    if (this.#plaintext === undefined) void this.#openSecured();
    else this.#speak(this.#plaintext, () => {});
  }

  /** A client for each stream: certificates are those of the moment. */
  async #openSecured(): Promise<void> {
    const { address, secure } = this.#options.server;
    try {
      const channel = await secure?.();
      if (this.#stopped || channel === undefined) return;
      const client = new Client(address, channel.credentials, { ...channelOptions, ...channel.options });
      this.#speak(client, () => client.close());
    } catch (error) {
      this.#reopen({ reason: messageOf(error), refused: false });
    }
  }

  #speak(client: Client, release: () => void): void {
    const { server, configuration, node } = this.#options;
    const channel = { client, release };
    if (server.delta)
      this.#converse(
        channel,
        'DeltaAggregatedResources',
        'envoy.service.discovery.v3.DeltaDiscoveryRequest',
        'envoy.service.discovery.v3.DeltaDiscoveryResponse',
        (send) => new DeltaDialect(configuration, node, send),
      );
    else
      this.#converse(
        channel,
        'StreamAggregatedResources',
        'envoy.service.discovery.v3.DiscoveryRequest',
        'envoy.service.discovery.v3.DiscoveryResponse',
        (send) => new WorldDialect(configuration, node, send),
      );
  }

  #converse<Q extends MessageName, R extends MessageName>(
    { client, release }: { readonly client: Client; readonly release: () => void },
    method: string,
    requestName: Q,
    responseName: R,
    dialectOf: (send: (request: Message<Q>) => void) => Dialect<Message<R>>,
  ): void {
    const call: ClientDuplexStream<Message<Q>, Message<R>> = client.makeBidiStreamRequest(
      `${SERVICE}/${method}`,
      (request: Message<Q>) => Buffer.from(encode(requestName, request)),
      (bytes: Buffer) => decode(responseName, bytes),
    );
    let open = true;
    const dialect = dialectOf((request) => {
      if (open) call.write(request);
    });
    const session = new Session(
      dialect,
      this.#options.configuration,
      { onResponse: (kind, refusal) => this.#onResponse(kind, refusal) },
      this.#options.routeKind,
    );
    const close = (failure: StreamFailure): void => {
      if (!open) return;
      open = false;
      void session.end().then(() => {
        release();
        this.#reopen(failure);
      });
    };
    this.#cancel = () => call.cancel();
    this.#session = session;
    call.on('data', (response) => {
      this.#heard();
      session.receive(response);
    });
    call.on('error', (error: ServiceError) => close(failureOf(error)));
    call.on('end', () => {
      call.cancel();
      close(streamEnded);
    });
    session.begin();
  }

  #heard(): void {
    this.#failures = 0;
    this.#contact.heard();
  }

  #onResponse(kind: ResourceKind, refusal: string | undefined): void {
    if (refusal !== undefined) this.#options.observer.refused(kind, refusal);
    this.#answered.add(kind);
    const { routes, secrets } = this.#options.configuration.resourceNames();
    const routesDue = routes.length > 0;
    const secretsDue = secrets.some((name) => !this.#options.configuration.ledger.has('secret', name));
    const heard = this.#answered.has('listener') && this.#answered.has('cluster');
    if (heard && !secretsDue && (!routesDue || this.#answered.has(this.#options.routeKind))) this.#initialized?.();
  }

  #reopen(failure: StreamFailure): void {
    if (this.#stopped) return;
    this.#contact.failed(failure);
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.#failures++, 10));
    const random = this.#options.random ?? Math.random;
    this.#timer = setTimeout(() => this.#open(), longest * (0.5 + random() / 2));
  }
}
