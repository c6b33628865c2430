/**
 * Where an API server asks us: HTTPS, on an address that nothing else is served at.
 *
 *   POST /path, application/json, AdmissionReview --> the webhook of that path --> AdmissionReview
 *
 * Bodies, requests at a time and the time for one are bounded; what is beyond is told to come again, and what is no such request
 * is refused with a sentence. Anybody may ask, so nothing is reserved for what was not sent: who is slow gives way to who is new.
 * A webhook that throws answers 500: the API server goes by the failure policy then.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import { IsthmusError, messageOf } from '../../../model/errors.ts';
import { formatAddress, type TcpAddress } from '../../../model/tcp-address.ts';
import { type AdmissionAnswer, type AdmissionRequest, readReview, writeReview } from './admission-review.ts';
import { AwaitedConnections } from './awaited-connections.ts';

export type Webhook = (request: AdmissionRequest) => AdmissionAnswer | Promise<AdmissionAnswer>;

/** PEM. */
export interface ServingCertificate {
  readonly chain: string;
  readonly key: string;
}

export interface WebhookListenerOptions {
  readonly address: TcpAddress;
  /** By path. */
  readonly webhooks: ReadonlyMap<string, Webhook>;
  readonly certificate: ServingCertificate;
  /** Told of each request that was answered, or was not. */
  readonly answered: (path: string, outcome: WebhookOutcome, seconds: number) => void;
  readonly failed: (path: string, error: unknown) => void;
}

export type WebhookOutcome = 'allowed' | 'patched' | 'denied' | 'invalid' | 'busy' | 'failed';

/**
 * An API server takes objects of 3 MiB, and sends an object and the one before it. It gives up after its own timeout, which
 * is at most a few seconds with our configurations.
 */
const bounds = {
  bodyBytes: 8 * 1024 * 1024,
  /** Of all that came and are not answered yet. */
  bytes: 64 * 1024 * 1024,
  requests: 128,
  connections: 256,
  handshakeMs: 3_000,
  timeMs: 5_000,
} as const;

export class WebhookListener {
  readonly #server: https.Server;
  readonly #options: WebhookListenerOptions;
  readonly #connections: AwaitedConnections;
  #running = 0;
  /** Of bodies, as far as they came. */
  #bytes = 0;

  private constructor(options: WebhookListenerOptions) {
    this.#options = options;
    const { chain: cert, key } = options.certificate;
    const times = {
      handshakeTimeout: bounds.handshakeMs,
      requestTimeout: bounds.timeMs,
      headersTimeout: bounds.timeMs,
      connectionsCheckingInterval: 1_000,
    };
    this.#server = https.createServer({ cert, key, minVersion: 'TLSv1.2', ...times }, (request, response) => {
      void this.#respond(request, response);
    });
    this.#connections = new AwaitedConnections(this.#server, bounds.connections);
    // Strangers that break off are nobody's concern.
    this.#server.on('tlsClientError', () => {});
    this.#server.on('clientError', (_error, socket) => socket.destroy());
  }

  /** Rejects with UNAVAILABLE where the address cannot be had. */
  static async listen(options: WebhookListenerOptions): Promise<WebhookListener> {
    const listener = new WebhookListener(options);
    const { host, port } = options.address;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    listener.#server.once('error', (cause) => {
      const message = `Cannot listen on --webhook ${formatAddress(host, port)}: ${cause.message}.`;
      reject(new IsthmusError('UNAVAILABLE', message, { cause }));
    });
    listener.#server.listen({ host, port }, resolve);
    await promise;
    return listener;
  }

  /** `host:port`, with the real port. */
  get address(): string {
    const bound = this.#server.address();
    return formatAddress(this.#options.address.host, typeof bound === 'object' && bound !== null ? bound.port : 0);
  }

  /** For handshakes from now on; connections that stand go on. */
  renew({ chain: cert, key }: ServingCertificate): void {
    this.#server.setSecureContext({ cert, key, minVersion: 'TLSv1.2' });
  }

  /** What is being answered has a moment to be. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => this.#server.closeAllConnections(), 1_000);
    await closed;
    clearTimeout(timer);
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const started = performance.now();
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const webhook = this.#options.webhooks.get(path);
    const answer =
      webhook === undefined ? invalid(404, 'There is no such webhook.') : await this.#answer(request, path, webhook);
    const { status, outcome, body } = answer;
    const headers = { 'content-type': status === 200 ? 'application/json' : 'text/plain; charset=utf-8' };
    // A body that was not read to its end leaves nothing to go on with.
    response.writeHead(status, request.complete ? headers : { ...headers, connection: 'close' }).end(body);
    // Under a name that strangers cannot make up.
    this.#options.answered(webhook === undefined ? 'other' : path, outcome, (performance.now() - started) / 1000);
  }

  async #answer(request: IncomingMessage, path: string, webhook: Webhook): Promise<Answer> {
    if (request.method !== 'POST') return invalid(405, 'Only POST.');
    if (!/^application\/json\s*(?:;|$)/i.test(request.headers['content-type'] ?? ''))
      return invalid(415, 'Only application/json.');
    if (Number(request.headers['content-length'] ?? 0) > bounds.bodyBytes) return tooLarge;
    const chunks: Buffer[] = [];
    try {
      const isWhole = await this.#read(request, chunks);
      return isWhole ? await this.#answerWhole(request, Buffer.concat(chunks), path, webhook) : tooLarge;
    } catch {
      // It broke off, was too slow, or gave way: there is nobody to answer.
      return busy;
    } finally {
      for (const { length } of chunks) this.#bytes -= length;
    }
  }

  /** False where it is too large. Rejects where it breaks off. */
  async #read(request: IncomingMessage, chunks: Buffer[]): Promise<boolean> {
    let length = 0;
    for await (const chunk of request) {
      const piece = Buffer.from(chunk);
      chunks.push(piece);
      length += piece.length;
      this.#bytes += piece.length;
      if (length > bounds.bodyBytes) return false;
      if (this.#bytes > bounds.bytes) this.#connections.shed();
    }
    return true;
  }

  async #answerWhole(request: IncomingMessage, body: Buffer, path: string, webhook: Webhook): Promise<Answer> {
    if (this.#running >= bounds.requests) return busy;
    this.#running += 1;
    const answered = this.#connections.answering(request);
    try {
      const asked = readReview(body.toString('utf8'));
      if (asked === undefined) return invalid(400, 'It is no AdmissionReview of admission.k8s.io/v1.');
      const answer = await webhook(asked);
      return { status: 200, outcome: outcomeOf(answer), body: writeReview(asked.uid, answer) };
    } catch (error) {
      this.#options.failed(path, error);
      return { status: 500, outcome: 'failed', body: `${messageOf(error)}\n` };
    } finally {
      this.#running -= 1;
      answered();
    }
  }
}

interface Answer {
  readonly status: number;
  readonly outcome: WebhookOutcome;
  readonly body: string;
}

function invalid(status: number, sentence: string): Answer {
  return { status, outcome: 'invalid', body: `${sentence}\n` };
}

const busy: Answer = { status: 429, outcome: 'busy', body: 'Too many at a time; come again.\n' };
const tooLarge = invalid(413, `A body has at most ${bounds.bodyBytes} bytes.`);

function outcomeOf({ refusal, patch = [] }: AdmissionAnswer): WebhookOutcome {
  if (refusal !== undefined) return 'denied';
  return patch.length === 0 ? 'allowed' : 'patched';
}
