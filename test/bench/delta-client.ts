/** A bare delta client of one ADS stream for benches: subscribes, acknowledges at once, applies nothing. */
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { MessageReader } from '../../src/delivery/xds/transport/message-reader.ts';
import { decode, encode, type Message, typeUrl } from '../../src/xds-api/messages.ts';

type DeltaResponse = Message<'envoy.service.discovery.v3.DeltaDiscoveryResponse'>;

export const clusterType = typeUrl('envoy.config.cluster.v3.Cluster');
export const endpointType = typeUrl('envoy.config.endpoint.v3.ClusterLoadAssignment');

export class DeltaClient {
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  readonly #waiting: ((response: DeltaResponse) => void)[] = [];
  readonly #arrived: DeltaResponse[] = [];

  constructor(address: string) {
    this.#session = connect(`http://${address}`, { settings: { initialWindowSize: 16 * 1024 * 1024 } });
    this.#session.on('connect', () => this.#session.setLocalWindowSize(64 * 1024 * 1024));
    this.#stream = this.#session.request({
      ':method': 'POST',
      ':path': '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const reader = new MessageReader(1 << 28);
    this.#stream.on('data', (chunk: Buffer) => reader.read(chunk, (message) => this.#receive(message)));
  }

  subscribe(type: string, names: readonly string[]): void {
    this.#send({
      node: { id: 'sidecar~10.255.0.1~bench.default~cluster.local', userAgentName: 'isthmus-metaproxy' },
      typeUrl: type,
      resourceNamesSubscribe: [...names],
    });
  }

  /** The next response; it has been acknowledged already. */
  async next(): Promise<DeltaResponse> {
    const arrived = this.#arrived.shift();
    return arrived ?? new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(): void {
    this.#stream.close();
    this.#session.destroy();
  }

  #receive(message: Uint8Array): void {
    const response = decode('envoy.service.discovery.v3.DeltaDiscoveryResponse', message);
    this.#send({ typeUrl: response.typeUrl, responseNonce: response.nonce });
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#arrived.push(response);
    else waiting(response);
  }

  #send(request: Message<'envoy.service.discovery.v3.DeltaDiscoveryRequest'>): void {
    const message = encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', request);
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.length, 1);
    this.#stream.write(Buffer.concat([prefix, message]));
  }
}
