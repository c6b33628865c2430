/** Where kinds are served, asked for all of them together: many look at once, and again and again for those that are not. */
import { ApiFailure } from '../../kubernetes-api/api-failure.ts';
import { apiVersionOf, collectionPath, findCollection } from '../../kubernetes-api/api-paths.ts';
import type { ApiServer } from '../../kubernetes-api/api-server.ts';
import type { Clock } from '../../model/clock.ts';
import type { KindInfo } from '../../resources/kind-info.ts';

/** Of EndpointSlices, which no cluster is without. A server that has just started may name a part of its groups only. */
const everywhere = 'discovery.k8s.io/v1';

/** For so long an answer is good for others who ask the same. */
const freshMs = 2000;

interface Answer {
  readonly until: number;
  readonly value: Promise<unknown>;
}

export class ServedKinds {
  readonly #server: ApiServer;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  readonly #answers = new Map<string, Answer>();

  constructor(server: ApiServer, clock: Clock) {
    this.#server = server;
    this.#clock = clock;
  }

  /**
   * The path of a kind, in the first of its versions that is served; undefined where none is. Rejects with ApiFailure where
   * that cannot be told: only a list of all that is served says what is not.
   */
  async locate({ group, versions, plural }: KindInfo): Promise<string | undefined> {
    const named = group === '' ? undefined : await this.#named();
    const served = versions.filter((version) => named?.has(apiVersionOf({ group, version, plural })) !== false);
    const asking = { get: async (path: string) => this.#getWhatIsThere(path) };
    const collection = await findCollection(asking, { group, versions: served, plural });
    return collection === undefined ? undefined : collectionPath(collection);
  }

  /** `group/version` of all that is served. */
  async #named(): Promise<ReadonlySet<string>> {
    const names = namesIn(await this.#getWhatIsThere('/apis'));
    if (names?.has(everywhere) === true) return names;
    throw new ApiFailure(
      `/apis does not name ${everywhere}: whoever answers does not know yet what the cluster serves`,
    );
  }

  /** What an API server has, or has said that it has. A gateway before it that has lost it knows nothing at all. */
  async #getWhatIsThere(path: string): Promise<unknown> {
    try {
      return await this.#get(path);
    } catch (error) {
      if (!(error instanceof ApiFailure && error.isAbsent)) throw error;
      throw new ApiFailure(`${path} is not there, which every API server has that can be gone by: ${error.message}`, {
        cause: error,
      });
    }
  }

  close(): void {
    this.#abort.abort();
  }

  async #get(path: string): Promise<unknown> {
    const known = this.#answers.get(path);
    if (known !== undefined && known.until > this.#clock.now()) return known.value;
    const value = this.#server.get(path, this.#abort.signal);
    this.#answers.set(path, { until: this.#clock.now() + freshMs, value });
    return value;
  }
}

/** `group/version` of all that an APIGroupList names; undefined for what is none. */
function namesIn(list: unknown): ReadonlySet<string> | undefined {
  const groups = field(list, 'groups');
  if (!Array.isArray(groups)) return undefined;
  const versions = groups.flatMap((group: unknown) => field(group, 'versions') ?? []);
  return new Set(versions.map((version) => String(field(version, 'groupVersion'))));
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
