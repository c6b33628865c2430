/** An xDS client that does nothing by itself: it sends the requests it is told to, and hands over what comes. */
import {
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  credentials,
  type StatusObject,
} from '@grpc/grpc-js';
import { decode, encode, type envoy } from '../../../src/xds-api/messages.ts';

type Sotw = envoy.service.discovery.v3.DiscoveryRequest;
type Delta = envoy.service.discovery.v3.DeltaDiscoveryRequest;

export type Dialect = 'sotw' | 'delta';
export type Request = Sotw & Delta;

/** A response of either dialect, with bodies as text. */
export interface Response {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly version: string;
  readonly controlPlane: string;
  readonly resources: readonly {
    readonly name: string;
    readonly version: string;
    readonly typeUrl: string;
    readonly body: string;
  }[];
  readonly removed: readonly string[];
}

const aggregated = '/envoy.service.discovery.v3.AggregatedDiscoveryService';
const methods = { sotw: `${aggregated}/StreamAggregatedResources`, delta: `${aggregated}/DeltaAggregatedResources` };

interface RawClientOptions {
  readonly path?: string;
  readonly reading?: boolean;
  /** PEM; absent for plaintext. */
  readonly credentials?: { readonly chain: string; readonly key: string; readonly roots: string };
}

export class RawClient {
  readonly dialect: Dialect;
  readonly status: Promise<StatusObject>;
  readonly #client: Client;
  readonly #call: ClientDuplexStream<Request, Response>;
  readonly #arrived: Response[] = [];
  readonly #ended: Promise<unknown>;
  #over = false;

  constructor(target: string, dialect: Dialect, options: RawClientOptions = {}) {
    this.dialect = dialect;
    this.#client = new Client(target, channelCredentials(options), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      'grpc.max_receive_message_length': -1,
    });
    this.#call = this.#client.makeBidiStreamRequest(
      options.path ?? methods[dialect],
      (request: Request) => Buffer.from(serialize(dialect, request)),
      (bytes: Buffer) => deserialize(dialect, bytes),
    );
    this.#call.on('error', () => {
      // The status says it.
    });
    this.status = new Promise((resolve) => this.#call.on('status', resolve));
    this.#ended = this.status.finally(() => {
      this.#over = true;
      this.#client.close();
    });
    if (options.reading !== false) this.read();
  }

  /** Starts to read; only needed by a client that was told not to. */
  read(): void {
    this.#call.on('data', (response: Response) => {
      this.#arrived.push(response);
      this.#call.emit('arrived');
    });
  }

  send(request: Request): void {
    this.#call.write(request);
  }

  /** The next response; fails when the stream ends first. */
  async next(): Promise<Response> {
    for (;;) {
      const response = this.#arrived.shift();
      if (response !== undefined) return response;
      if (this.#over) throw new Error(`the stream has ended: ${JSON.stringify(await this.status)}`);
      await Promise.race([new Promise((resolve) => this.#call.once('arrived', resolve)), this.#ended]);
    }
  }

  /** Accepts a response. State-of-the-world clients state their names again each time. */
  acknowledge(response: Response, resourceNames: readonly string[] = []): void {
    this.send({
      typeUrl: response.typeUrl,
      responseNonce: response.nonce,
      ...(this.dialect === 'sotw' ? { versionInfo: response.version, resourceNames: [...resourceNames] } : {}),
    });
  }

  refuse(response: Response, message: string, resourceNames: readonly string[] = []): void {
    this.send({
      typeUrl: response.typeUrl,
      responseNonce: response.nonce,
      errorDetail: { code: 13, message },
      ...(this.dialect === 'sotw' ? { resourceNames: [...resourceNames] } : {}),
    });
  }

  /** Says that it will send no more. */
  finish(): void {
    this.#call.end();
  }

  async close(): Promise<void> {
    this.#call.cancel();
    await this.#ended;
  }
}

function channelCredentials({ credentials: own }: RawClientOptions): ChannelCredentials {
  if (own === undefined) return credentials.createInsecure();
  const [roots, key, chain] = [own.roots, own.key, own.chain].map((pem) => Buffer.from(pem));
  return credentials.createSsl(roots ?? null, key ?? null, chain ?? null, { checkServerIdentity: () => undefined });
}

function serialize(dialect: Dialect, request: Request): Uint8Array {
  return dialect === 'sotw'
    ? encode('envoy.service.discovery.v3.DiscoveryRequest', request)
    : encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', request);
}

function deserialize(dialect: Dialect, bytes: Uint8Array): Response {
  return dialect === 'sotw' ? sotwResponse(bytes) : deltaResponse(bytes);
}

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

function sotwResponse(bytes: Uint8Array): Response {
  const response = decode('envoy.service.discovery.v3.DiscoveryResponse', bytes);
  return {
    typeUrl: response.typeUrl ?? '',
    nonce: response.nonce ?? '',
    version: response.versionInfo ?? '',
    controlPlane: response.controlPlane?.identifier ?? '',
    resources: (response.resources ?? []).map((any) => ({
      name: text(any.value).split('=')[0] ?? '',
      version: '',
      typeUrl: any.type_url ?? '',
      body: text(any.value),
    })),
    removed: [],
  };
}

function deltaResponse(bytes: Uint8Array): Response {
  const response = decode('envoy.service.discovery.v3.DeltaDiscoveryResponse', bytes);
  return {
    typeUrl: response.typeUrl ?? '',
    nonce: response.nonce ?? '',
    version: response.systemVersionInfo ?? '',
    controlPlane: response.controlPlane?.identifier ?? '',
    resources: (response.resources ?? []).map(({ name, version, resource }) => ({
      name: name ?? '',
      version: version ?? '',
      typeUrl: resource?.type_url ?? '',
      body: text(resource?.value),
    })),
    removed: response.removedResources ?? [],
  };
}
