/** What we show to one registry, read anew for each connection, and kept out of all that is said of that registry. */
import type { ServiceRegistry } from '../../resources/kinds.ts';
import type { RegistrySecrets } from './registry-client.ts';
import { SecretFailure, type SecretStore } from './secret-contents.ts';
import { readSecrets, withoutSecrets } from './secrets.ts';

export class RegistryCredentials {
  readonly #spec: Pick<ServiceRegistry['spec'], 'type' | 'tls' | 'credentials'>;
  readonly #store: SecretStore | undefined;
  #known: RegistrySecrets = {};
  #remedy: string | undefined;

  /** `store`: absent outside of Kubernetes. */
  constructor(spec: Pick<ServiceRegistry['spec'], 'type' | 'tls' | 'credentials'>, store: SecretStore | undefined) {
    this.#spec = spec;
    this.#store = store;
  }

  /** Rejects with UNAVAILABLE where a file or a Secret cannot be read. */
  readonly read = async (): Promise<RegistrySecrets> => {
    try {
      this.#known = await readSecrets(this.#spec, this.#store);
      this.#remedy = undefined;
    } catch (error) {
      this.#remedy = error instanceof SecretFailure ? error.remedy : undefined;
      throw error;
    }
    return this.#known;
  };

  /** What gives us credentials; undefined where that is not what is amiss. */
  get remedy(): string | undefined {
    return this.#remedy;
  }

  /** What a registry says of its troubles may repeat what it was told. */
  mask(text: string): string {
    return withoutSecrets(text, this.#known);
  }
}
