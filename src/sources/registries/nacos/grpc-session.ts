/**
 * A session over gRPC. The server knows its client by the TCP connection: the session lives on one, and ends with it.
 *
 *   ServerCheck -> stream, ConnectionSetup -> SetupAck, where the server negotiates -> requests, and pushes on the stream
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, type ClientDuplexStream, type ClientUnaryCall, Metadata } from '@grpc/grpc-js';
import { IsthmusError, messageOf } from '../../../model/errors.ts';
import type { RegistryServiceName } from '../../../model/registry.ts';
import type { GrpcConnection } from '../grpc-connection.ts';
import { numberFrom } from '../json-number.ts';
import type { AccessToken } from './access-token.ts';
import { clientOf, unary } from './grpc-call.ts';
import { isRecord, type JsonRecord } from './json-record.ts';
import { decodePayload, encodePayload, type Payload } from './naming-payload.ts';
import {
  Moved,
  type NamingSession,
  type PushedName,
  Refused,
  type ServiceInfo,
  serviceInfo,
  withoutGroup,
} from './naming-session.ts';

const requestMs = 5_000;
const checkMs = 3_000;
const healthEveryMs = 5_000;
/** How long the server may take to know the connection after the setup. */
const setupMs = 3_000;
const setupRetryMs = 50;
const pageSize = 5_000;
const maxPages = 100;
/** How often a list that changes under our hands is read again. */
const listReads = 3;
const ok = 200;
const unregistered = 301;

type Stream = ClientDuplexStream<Payload, Payload>;

export interface GrpcSessionOptions {
  readonly connection: GrpcConnection;
  readonly token: AccessToken;
  readonly onChange: (service: PushedName, info: ServiceInfo) => void;
  /** Ends it, whatever it is doing. */
  readonly signal: AbortSignal;
}

/** Rejects with UNAVAILABLE where no such session can be had there. */
export async function openGrpcSession(options: GrpcSessionOptions): Promise<NamingSession> {
  const session = new GrpcSession(options);
  try {
    await session.setUp();
    return session;
  } catch (error) {
    session.close();
    throw error;
  }
}

class GrpcSession implements NamingSession {
  readonly pushes = true;
  readonly over: Promise<never>;
  readonly #options: GrpcSessionOptions;
  readonly #client: Client;
  readonly #fail: (error: Error) => void;
  readonly #acknowledged = Promise.withResolvers<void>();
  readonly #calls = new Set<ClientUnaryCall>();
  #stream: Stream | undefined;
  #health: NodeJS.Timeout | undefined;
  #heardAt = performance.now();

  constructor(options: GrpcSessionOptions) {
    this.#options = options;
    this.#client = clientOf(options.connection);
    const { promise, reject } = Promise.withResolvers<never>();
    this.over = promise;
    this.#fail = reject;
    // It may be over before anybody asks.
    promise.catch(() => {});
    options.signal.addEventListener('abort', this.close, { once: true });
    if (options.signal.aborted) this.close();
  }

  async setUp(): Promise<void> {
    const check = await this.#unary('ServerCheckRequest', {}, checkMs);
    this.#open();
    this.#send('ConnectionSetupRequest', {
      clientVersion: 'Isthmus:v1',
      tenant: '',
      labels: { source: 'sdk', module: 'naming', AppName: 'isthmus' },
      // Servers that negotiate answer to one that is there, whatever it holds.
      abilityTable: {},
    });
    const isNegotiated = check.supportAbilityNegotiation === true;
    await Promise.race([this.#acknowledged.promise, this.over, sleep(isNegotiated ? setupMs : setupRetryMs)]);
    await this.#untilRegistered();
    this.#health = setInterval(() => void this.#checkHealth(), healthEveryMs);
  }

  async list(namespace: string, group: string): Promise<readonly string[] | undefined> {
    for (let read = 0; read < listReads; read++) {
      const names = await this.#readList(namespace, group);
      if (names !== undefined) return names;
    }
    return undefined;
  }

  async subscribe(service: RegistryServiceName): Promise<ServiceInfo> {
    return this.#ask('SubscribeServiceRequest', { ...named(service), subscribe: true, clusters: '' });
  }

  async unsubscribe(service: RegistryServiceName): Promise<void> {
    await this.#ask('SubscribeServiceRequest', { ...named(service), subscribe: false, clusters: '' });
  }

  async read(service: RegistryServiceName): Promise<ServiceInfo> {
    return this.#ask('ServiceQueryRequest', { ...named(service), cluster: '', healthyOnly: false, udpPort: 0 });
  }

  readonly close = (): void => {
    this.#options.signal.removeEventListener('abort', this.close);
    clearInterval(this.#health);
    this.#fail(new IsthmusError('UNAVAILABLE', 'closed'));
    // A cancelled stream still says so, to nobody.
    this.#stream?.on('error', () => {});
    this.#stream?.cancel();
    for (const call of this.#calls) call.cancel();
    this.#client.close();
  };

  async #ask(type: string, body: JsonRecord): Promise<ServiceInfo> {
    const answer = await this.#request(type, body);
    return serviceInfo(isRecord(answer.serviceInfo) ? answer.serviceInfo : {});
  }

  async #readList(namespace: string, group: string): Promise<readonly string[] | undefined> {
    const names = new Set<string>();
    for (let pageNo = 1; pageNo <= maxPages; pageNo++) {
      const answer = await this.#request('ServiceListRequest', { namespace, groupName: group, pageNo, pageSize });
      const page: readonly unknown[] = Array.isArray(answer.serviceNames) ? answer.serviceNames : [];
      for (const name of page) if (typeof name === 'string') names.add(withoutGroup(name));
      const count = numberFrom(answer.count ?? 0);
      if (names.size === count) return [...names];
      // Pages have no common order once a service came or went between them.
      if (page.length < pageSize || names.size > count) break;
    }
    return undefined;
  }

  /** Rejects with Refused, where it is answered with something else than success. */
  async #request(type: string, body: JsonRecord, isRetry = false): Promise<JsonRecord> {
    const { token } = this.#options;
    const accessToken = await token.current();
    const headers: Record<string, string> = accessToken === undefined ? {} : { accessToken };
    const answer = await this.#unary(type, { ...body, module: 'naming' }, requestMs, headers);
    // Some servers say `success: false` beside it.
    if (answer.resultCode === ok) return answer;
    const status = numberFrom(answer.errorCode ?? answer.resultCode);
    if ((status === 403 || status === 401) && !isRetry && token.refuse()) return this.#request(type, body, true);
    if (answer.resultCode === unregistered || status === unregistered)
      this.#fail(this.#unavailable('the server does not know the connection any more'));
    const why = typeof answer.message === 'string' ? answer.message : 'no reason is given';
    throw new Refused(status, `${this.#address}: ${status}, ${why}${token.hint}`);
  }

  async #unary(
    type: string,
    body: JsonRecord,
    deadlineMs: number,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<JsonRecord> {
    const payload = { type, headers, body: { headers: {}, ...body } };
    try {
      const answer = await unary(this.#client, payload, deadlineMs, this.#calls);
      this.#heardAt = performance.now();
      return answer.body;
    } catch (error) {
      const failure = this.#unavailable(messageOf(error));
      this.#fail(failure);
      throw failure;
    }
  }

  #open(): void {
    const path = '/BiRequestStream/requestBiStream';
    const stream = this.#client.makeBidiStreamRequest(path, encodePayload, decodePayload, new Metadata());
    stream.on('data', (payload: Payload) => this.#take(payload));
    stream.on('error', (error) => this.#fail(this.#unavailable(messageOf(error))));
    stream.on('end', () => this.#fail(this.#unavailable('the server ended the stream')));
    this.#stream = stream;
  }

  /** What the server asks. Each of its requests gets an answer: it ends connections that owe it some. */
  #take({ type, body }: Payload): void {
    this.#heardAt = performance.now();
    if (!type.endsWith('Request')) return;
    const { requestId } = body;
    this.#send(`${type.slice(0, -'Request'.length)}Response`, { resultCode: ok, success: true, requestId });
    if (type === 'SetupAckRequest') this.#acknowledged.resolve();
    if (type === 'ConnectResetRequest') this.#fail(new Moved('UNAVAILABLE', `${this.#address} sends us elsewhere`));
    if (type !== 'NotifySubscriberRequest' || !isRecord(body.serviceInfo)) return;
    const { name, groupName } = body.serviceInfo;
    const service = {
      group: textOr(groupName, ''),
      name: withoutGroup(textOr(name, '')),
    };
    this.#options.onChange(service, serviceInfo(body.serviceInfo));
  }

  #send(type: string, body: JsonRecord): void {
    this.#stream?.write({ type, headers: {}, body: { headers: {}, ...body } });
  }

  async #untilRegistered(): Promise<void> {
    const end = performance.now() + setupMs;
    for (;;) {
      const { resultCode, errorCode, message } = await this.#unary('HealthCheckRequest', {}, checkMs);
      if (resultCode === ok) return;
      const isLate = performance.now() >= end;
      if (errorCode !== unregistered || isLate) throw this.#unavailable(textOr(message, 'the setup is not accepted'));
      await Promise.race([this.over, sleep(setupRetryMs)]);
    }
  }

  async #checkHealth(): Promise<void> {
    if (performance.now() - this.#heardAt < healthEveryMs / 2) return;
    try {
      const { resultCode, message } = await this.#unary('HealthCheckRequest', {}, checkMs);
      if (resultCode !== ok) this.#fail(this.#unavailable(textOr(message, 'it is not well')));
    } catch {
      // The session is over, and says so.
    }
  }

  get #address(): string {
    return this.#options.connection.address;
  }

  #unavailable(why: string): IsthmusError {
    return new IsthmusError('UNAVAILABLE', `${this.#address}: ${why}`);
  }
}

function named({ namespace, group, name }: RegistryServiceName): JsonRecord {
  return { namespace, groupName: group, serviceName: name };
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' && value !== '' ? value : otherwise;
}
