/**
 * What the bridge asks of a client of some registry: to connect, to follow, and to say of each answer how far it can be
 * trusted. All that differs between registries ends here; from here on there is one code path.
 *
 *   complete     the registry is sound and said everything: what is not in it is not there
 *   partial      what it says is true, what it lacks says nothing (filtered by ACLs, no leader, one of several servers)
 *   unavailable  nothing can be said
 */
import type { RegistryService, RegistryServiceName } from '../../model/registry.ts';
import type { ServiceRegistry } from '../../resources/kinds.ts';
import type { Doubt } from './doubt.ts';

export type Trust = 'complete' | 'partial';

export type RegistryAnswer =
  /** Which services there are in a scope: a namespace, a datacenter, a root; the whole registry where it has no such thing. */
  | {
      readonly kind: 'services';
      readonly scope: string;
      readonly services: readonly RegistryServiceName[];
      readonly trust: Trust;
      /** Why it is partial; of a complete one, what of it cannot be taken. */
      readonly doubts?: readonly Doubt[];
    }
  | {
      readonly kind: 'service';
      readonly service: RegistryService;
      readonly trust: Trust;
      readonly doubts?: readonly Doubt[];
    }
  /** The registry knows no such service (any more). */
  | { readonly kind: 'absent'; readonly service: RegistryServiceName }
  /**
   * Who asks the registry itself for a service, by its own software: all that it tells of, where it tells. For people only;
   * the service may be one that has no instances.
   */
  | { readonly kind: 'callers'; readonly service: RegistryServiceName; readonly callers: readonly string[] }
  /** Nothing is known from now on, until the next answer. Without a scope: of the whole registry. */
  | {
      readonly kind: 'unavailable';
      readonly scope?: string;
      readonly reason: string;
      /** Absent where it is the server, or the way to it, that is to be looked into. */
      readonly remedy?: string;
      /** It is not asked at all, for what options of its ServiceRegistry say. */
      readonly isRefused?: true;
    };

/** Takes answers, all that came together in one call: they count as one change. */
export type AnswerSink = (answers: readonly RegistryAnswer[]) => void;

export interface RegistryClient {
  /** Scopes of which a complete list of services has to come before the registry counts as seen. */
  readonly scopes: readonly string[];
  /** Ends all connections; no answer comes after it. */
  close(): Promise<void>;
}

/** Secrets as they are now: files and Secrets are read again each time, since they are rotated. */
export interface RegistrySecrets {
  readonly token?: string;
  readonly username?: string;
  readonly password?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface RegistryClientOptions {
  readonly registry: ServiceRegistry;
  readonly answer: AnswerSink;
  /** Rejects where a file or a Secret cannot be read. */
  readonly secrets: () => Promise<RegistrySecrets>;
}

/**
 * Starts to connect at once, and tries again by itself for as long as it is not closed. Never throws, never rejects, and
 * answers no sooner than it has returned.
 */
export type CreateRegistryClient = (options: RegistryClientOptions) => RegistryClient;
