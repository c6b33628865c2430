/**
 * One ADS stream's conversation, whatever the dialect: what is asked for, in which order, and the answer to each
 * response. Clusters come first, then the endpoints that they refer to and the listeners, then the listeners' routes.
 */
import { kindOfType, type ResourceKind } from '../config/resources.ts';
import type { Configuration } from './configuration.ts';

/** A response as both dialects come down to. */
export interface SessionEvents {
  /** Something came of a response; `refusal` is what the control plane was told. */
  onResponse(kind: ResourceKind, refusal: string | undefined): void;
}

export interface Dialect<Response> {
  typeUrl(response: Response): string;
  /** Asks for everything of a kind, or says anew by name what is wanted. */
  subscribe(kind: ResourceKind, names: readonly string[] | 'all'): void;
  /** Applies the response and answers it; gives what was refused. */
  respond(kind: ResourceKind, response: Response): Promise<string | undefined>;
  /** Answers a response of a type that was never asked for. */
  ignore(response: Response): void;
}

const PATIENCE_MS = 2000;

export class Session<Response> {
  readonly #dialect: Dialect<Response>;
  readonly #configuration: Configuration;
  readonly #events: SessionEvents;
  /** Whether routes are asked for as MetaProtocol's own type. */
  readonly #routeKind: ResourceKind;
  #work: Promise<void> = Promise.resolve();
  #listening = false;
  #patience: NodeJS.Timeout | undefined;
  #ended = false;
  readonly #asked = new Map<ResourceKind, string>();

  constructor(
    dialect: Dialect<Response>,
    configuration: Configuration,
    events: SessionEvents,
    routeKind: 'routes' | 'nativeRoutes',
  ) {
    this.#dialect = dialect;
    this.#configuration = configuration;
    this.#events = events;
    this.#routeKind = routeKind;
  }

  begin(): void {
    this.#dialect.subscribe('cluster', 'all');
    this.#askByName();
    // A control plane without any cluster may not answer that at all.
    this.#patience = setTimeout(() => this.#askListeners(), PATIENCE_MS);
  }

  /** Responses are worked on one after the other. */
  receive(response: Response): void {
    this.#work = this.#work.then(() => this.#receive(response));
  }

  /** Nothing is sent any more; resolves when the response at hand has been worked on. */
  async end(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#patience);
    await this.#work;
  }

  async #receive(response: Response): Promise<void> {
    if (this.#ended) return;
    const kind = kindOfType(this.#dialect.typeUrl(response));
    if (kind === undefined) {
      this.#dialect.ignore(response);
      return;
    }
    const refusal = await this.#dialect.respond(kind, response);
    if (this.#isEnded()) return;
    this.#askByName();
    if (kind === 'cluster') this.#askListeners();
    this.#events.onResponse(kind, refusal);
  }

  #isEnded(): boolean {
    return this.#ended;
  }

  #askListeners(): void {
    clearTimeout(this.#patience);
    if (this.#listening) return;
    this.#listening = true;
    this.#dialect.subscribe('listener', 'all');
  }

  #askByName(): void {
    const { endpoints, secrets, routes } = this.#configuration.resourceNames();
    this.#ask('endpoints', endpoints);
    this.#ask('secret', secrets);
    this.#ask(this.#routeKind, routes);
  }

  #ask(kind: ResourceKind, names: readonly string[]): void {
    const key = names.join('\n');
    const before = this.#asked.get(kind);
    if (before === key || (before === undefined && names.length === 0)) return;
    this.#asked.set(kind, key);
    this.#dialect.subscribe(kind, names);
  }
}
