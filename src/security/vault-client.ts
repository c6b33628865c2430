/** Vault's HTTP API, as far as its PKI needs it: https://developer.hashicorp.com/vault/api-docs/secret/pki */
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { readBounded } from '../model/bounded-input.ts';
import { IsthmusError, messageOf } from '../model/errors.ts';
import { isLoopback } from '../model/loopback.ts';

export interface VaultClientOptions {
  /** `https://vault.example:8200`; plain HTTP to loopback alone. */
  readonly address: string;
  /** Read for each request: agents renew it. Its text goes to that address and nowhere else. */
  readonly token: () => Promise<string>;
  /** PEM: who vouches for Vault; those of the system where absent. */
  readonly caPem?: string;
  /** Of Vault Enterprise. */
  readonly namespace?: string;
  readonly timeoutMs?: number;
}

export type VaultMethod = 'GET' | 'POST';
const maxAnswerBytes = 1024 * 1024;

export class VaultClient {
  readonly #options: VaultClientOptions;
  readonly #base: URL;

  /** Throws USAGE for an address that is none, or that would show the token to the network. */
  constructor(options: VaultClientOptions) {
    const base = URL.parse(options.address);
    const isOpen = base?.protocol === 'http:' && isLoopback(base.hostname);
    if (base === null || (base.protocol !== 'https:' && !isOpen))
      throw new IsthmusError(
        'USAGE',
        `${options.address} is no address of a Vault: write one such as https://vault.example:8200.`,
      );
    this.#options = options;
    this.#base = base;
  }

  get address(): string {
    return this.#base.origin;
  }

  /** The `data` of the answer; undefined where there is no such thing. Throws UNAVAILABLE, and BAD_DATA for what is refused for good. */
  async ask(method: VaultMethod, path: string, body?: object): Promise<Readonly<Record<string, unknown>> | undefined> {
    const { status, text } = await this.#exchange(method, path, body);
    if (status === 404) return undefined;
    const answer = parse(text);
    if (status >= 200 && status < 300) return isRecord(answer.data) ? answer.data : {};
    const words = Array.isArray(answer.errors)
      ? answer.errors.filter((error) => typeof error === 'string').join('; ')
      : '';
    // 400: the role does not allow it. 403 may pass: a token is renewed, a policy corrected.
    throw new IsthmusError(
      status === 400 ? 'BAD_DATA' : 'UNAVAILABLE',
      `Vault answers ${status}${words === '' ? '' : `: ${words.slice(0, 500)}`}`,
    );
  }

  async #exchange(
    method: VaultMethod,
    path: string,
    body: object | undefined,
  ): Promise<{ readonly status: number; readonly text: string }> {
    const { token, caPem, namespace, timeoutMs = 10_000 } = this.#options;
    try {
      const secret = (await token()).trim();
      const text = body === undefined ? '' : JSON.stringify(body);
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        const send = this.#base.protocol === 'https:' ? requestHttps : requestHttp;
        const outgoing = send(new URL(`/v1/${path}`, this.#base), {
          method,
          signal: AbortSignal.timeout(timeoutMs),
          headers: {
            'X-Vault-Token': secret,
            'X-Vault-Request': 'true',
            ...(namespace === undefined ? {} : { 'X-Vault-Namespace': namespace }),
            ...(text === '' ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
          },
          ...(caPem === undefined ? {} : { ca: caPem }),
        });
        outgoing.once('response', resolve);
        outgoing.once('error', reject);
        outgoing.end(text);
      });
      const bytes = await readBounded(answer, maxAnswerBytes, 'the answer of Vault');
      return { status: answer.statusCode ?? 0, text: bytes.toString('utf8') };
    } catch (cause) {
      throw new IsthmusError('UNAVAILABLE', `Vault at ${this.address} cannot be asked: ${messageOf(cause)}`, { cause });
    }
  }
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
