/**
 * The token that the server's requests bear: a given one, or one that it grants for a user's name and password, which is
 * renewed before it expires. A server that does not authenticate grants none, and asks for none.
 */
import { messageOf } from '../../../model/errors.ts';
import { numberFrom } from '../json-number.ts';
import type { RegistrySecrets } from '../registry-client.ts';
import type { HttpApi } from './http-api.ts';
import { isRecord } from './json-record.ts';

/** Newest first: servers of 3.x may have both. */
const logins = ['/v3/auth/user/login', '/v1/auth/login'];
/** Renewed when so much of its life is left. */
const renewedBefore = 0.1;
const usualLifeSeconds = 18_000;
/** After a login that failed none is tried for so long: servers lock users out. */
const restMs = 5_000;

export class AccessToken {
  readonly #api: HttpApi;
  readonly #secrets: () => Promise<RegistrySecrets>;
  #token: string | undefined;
  #renewAt = 0;
  #renewedAt = 0;
  #renewal: Promise<void> | undefined;
  /** Why there is none, or no new one. */
  #problem = '';

  constructor(api: HttpApi, secrets: () => Promise<RegistrySecrets>) {
    this.#api = api;
    this.#secrets = secrets;
  }

  /** What a refusal may come of, to be added to it. */
  get hint(): string {
    return this.#problem === '' ? '' : ` (${this.#problem})`;
  }

  /** Never rejects: without a token, the server says itself what it thinks of that. */
  async current(): Promise<string | undefined> {
    if (performance.now() >= this.#renewAt) {
      this.#renewal ??= this.#renew().finally(() => {
        this.#renewal = undefined;
      });
      await this.#renewal;
    }
    return this.#token;
  }

  /** The server refuses the token. Gives whether there will be another one: not again and again for one who may not. */
  refuse(): boolean {
    const isFresh = performance.now() - this.#renewedAt < restMs;
    if (this.#token === undefined || isFresh) return false;
    this.#renewAt = 0;
    return true;
  }

  async #renew(): Promise<void> {
    try {
      this.#renewedAt = performance.now();
      const { token, username, password } = await this.#secrets();
      this.#renewAt = performance.now() + (username === undefined ? 60_000 : restMs);
      if (username === undefined) this.#token = token;
      else await this.#logIn(username, password ?? '');
    } catch (error) {
      this.#renewAt = performance.now() + restMs;
      this.#problem = messageOf(error);
    }
  }

  async #logIn(username: string, password: string): Promise<void> {
    const refusals: number[] = [];
    for (const path of logins) {
      const { status, body } = await this.#api.post(path, { username, password });
      const granted = isRecord(body) && isRecord(body.data) ? body.data : body;
      if (status === 200 && isRecord(granted) && typeof granted.accessToken === 'string') {
        const life = numberFrom(granted.tokenTtl);
        this.#token = granted.accessToken;
        this.#renewAt = performance.now() + (life > 0 ? life : usualLifeSeconds) * 1_000 * (1 - renewedBefore);
        this.#problem = '';
        return;
      }
      refusals.push(status);
    }
    // One of the paths may just not be there.
    const status = refusals.find((one) => one !== 404 && one !== 410) ?? refusals[0];
    this.#problem = `the login is refused with status ${status}`;
  }
}
