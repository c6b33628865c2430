/**
 * One Discover stream: each request gets exactly one answer, in order. It is ended and opened anew from time to time,
 * since a server keeps some memory for each request as long as the stream lives.
 */
import { type ChannelCredentials, Client, type ClientDuplexStream, type ClientOptions, Metadata } from '@grpc/grpc-js';
import { IsthmusError, messageOf } from '../../../model/errors.ts';
import type { DiscoverConnection } from './discover-connection.ts';
import {
  type DiscoverRequest,
  type DiscoverResponse,
  deadlineMs,
  decodeResponse,
  encodeRequest,
  maxAnswerBytes,
} from './polaris-messages.ts';

const method = '/v1.PolarisGRPC/Discover';
/** After so many requests, or so long, the stream is opened anew. */
const maxRequests = 10_000;
const maxAgeMs = 600_000;

interface Pending {
  readonly request: DiscoverRequest;
  readonly resolve: (response: DiscoverResponse) => void;
  readonly reject: (error: Error) => void;
  readonly since: number;
}

type Stream = ClientDuplexStream<DiscoverRequest, DiscoverResponse>;

export class DiscoverStream implements DiscoverConnection {
  readonly #client: Client;
  readonly #metadata: Metadata;
  #stream: Stream | undefined;
  #pending: Pending[] = [];
  #requests = 0;
  #openedAt = 0;
  #watch: NodeJS.Timeout | undefined;

  constructor(address: string, credentials: ChannelCredentials, options: ClientOptions, token: string | undefined) {
    this.#client = new Client(address, credentials, {
      'grpc.max_receive_message_length': maxAnswerBytes,
      // Two clients of one server must not share a connection, nor its fate.
      'grpc.use_local_subchannel_pool': 1,
      'grpc.keepalive_time_ms': 10_000,
      'grpc.keepalive_timeout_ms': 3_000,
      ...options,
    });
    this.#metadata = new Metadata();
    if (token !== undefined) this.#metadata.set('x-polaris-token', token);
  }

  get outstanding(): number {
    return this.#pending.length;
  }

  /** Rejects with UNAVAILABLE when the stream breaks, or when the answer does not come in time. */
  async ask(request: DiscoverRequest): Promise<DiscoverResponse> {
    const stream = this.#current();
    this.#requests++;
    return new Promise((resolve, reject) => {
      this.#pending.push({ request, resolve, reject, since: performance.now() });
      stream.write(request);
    });
  }

  close(): void {
    clearInterval(this.#watch);
    this.#fail('closed');
    this.#client.close();
  }

  #current(): Stream {
    const isWorn = this.#requests >= maxRequests || performance.now() - this.#openedAt > maxAgeMs;
    if (this.#stream !== undefined && isWorn && this.#pending.length === 0) this.#leave();
    this.#stream ??= this.#open();
    return this.#stream;
  }

  #open(): Stream {
    this.#requests = 0;
    this.#openedAt = performance.now();
    const stream = this.#client.makeBidiStreamRequest(method, encodeRequest, decodeResponse, this.#metadata);
    stream.on('data', (response: DiscoverResponse) => {
      if (stream === this.#stream) this.#pending.shift()?.resolve(response);
    });
    stream.on('error', (error) => {
      if (stream === this.#stream) this.#fail(messageOf(error));
    });
    stream.on('end', () => {
      if (stream === this.#stream) this.#fail('the server ended the stream');
    });
    this.#watch ??= setInterval(() => this.#checkDeadline(), 1_000);
    return stream;
  }

  #leave(): void {
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.end();
  }

  #fail(reason: string): void {
    const stream = this.#stream;
    this.#stream = undefined;
    // A cancelled stream still says so, to nobody.
    stream?.on('error', () => {});
    stream?.cancel();
    const pending = this.#pending;
    this.#pending = [];
    for (const { reject } of pending) reject(new IsthmusError('UNAVAILABLE', reason));
  }

  #checkDeadline(): void {
    const [oldest] = this.#pending;
    if (oldest !== undefined && performance.now() - oldest.since > deadlineMs)
      this.#fail(`no answer within ${deadlineMs} ms`);
  }
}
