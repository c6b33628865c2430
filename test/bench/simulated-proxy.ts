/**
 * What a stock Envoy beside a workload asks for on its one delta stream, and acknowledges; it applies nothing.
 *
 *   clusters, listeners, secrets --> endpoints of each outbound cluster, routes of each outbound port
 */
import type { ClientHttp2Session } from 'node:http2';
import { MessageReader } from '../../src/delivery/xds/transport/message-reader.ts';
import { decode, encode, type Message, typeUrl } from '../../src/xds-api/messages.ts';
import type { WorkloadPlace } from './secured-mesh-files.ts';

const types = {
  clusters: typeUrl('envoy.config.cluster.v3.Cluster'),
  endpoints: typeUrl('envoy.config.endpoint.v3.ClusterLoadAssignment'),
  listeners: typeUrl('envoy.config.listener.v3.Listener'),
  routes: typeUrl('envoy.config.route.v3.RouteConfiguration'),
  secrets: typeUrl('envoy.extensions.transport_sockets.tls.v3.Secret'),
} as const;

type DeltaRequest = Message<'envoy.service.discovery.v3.DeltaDiscoveryRequest'>;

export interface ProxyEvents {
  /** It has all that it asked for, for the first time. */
  readonly ready: () => void;
  /** A response was acknowledged. */
  readonly acknowledged: (typeUrl: string) => void;
  readonly failed: (error: Error) => void;
}

export class SimulatedProxy {
  readonly #send: (request: DeltaRequest) => void;
  readonly #events: ProxyEvents;
  /** Names that were asked for, and those of them that came; wildcards have none. */
  readonly #asked = new Set<string>();
  readonly #held = new Set<string>();
  #isReady = false;

  /** `calls`: how many services it may call, by which it knows that its clusters have come. */
  constructor(session: ClientHttp2Session, workload: WorkloadPlace, calls: number, events: ProxyEvents) {
    this.#events = events;
    const stream = session.request({
      ':method': 'POST',
      ':path': '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.on('error', events.failed);
    stream.on('close', () => events.failed(new Error(`the stream of ${workload.address} ended`)));
    const reader = new MessageReader(1 << 26);
    stream.on('data', (chunk: Buffer) => reader.read(chunk, (message) => this.#receive(message)));
    this.#send = (request) => void stream.write(framed(request));
    for (let call = 0; call < calls; call++) this.#asked.add(`cluster ${call}`);
    this.#send({ node: nodeOf(workload), typeUrl: types.clusters });
    this.#send({ typeUrl: types.listeners });
    this.#ask(types.secrets, ['default', 'ROOTCA']);
  }

  #receive(message: Uint8Array): void {
    const {
      typeUrl: type = '',
      nonce,
      resources = [],
    } = decode('envoy.service.discovery.v3.DeltaDiscoveryResponse', message);
    this.#send({ typeUrl: type, responseNonce: nonce });
    const names = resources.map(({ name = '' }) => name);
    if (type === types.clusters) this.#follow(names.filter((name) => name.startsWith('outbound|')));
    else for (const name of names) this.#held.add(`${type} ${name}`);
    this.#events.acknowledged(type);
    if (this.#isReady || ![...this.#asked].every((name) => this.#held.has(name))) return;
    this.#isReady = true;
    this.#events.ready();
  }

  #follow(clusters: readonly string[]): void {
    if (clusters.length === 0) return;
    let known = 0;
    while (this.#held.has(`cluster ${known}`)) known++;
    for (let at = 0; at < clusters.length; at++) this.#held.add(`cluster ${known + at}`);
    this.#ask(types.endpoints, clusters);
    this.#ask(
      types.routes,
      clusters.map((cluster) => {
        const [, port = '', , host = ''] = cluster.split('|');
        return `${host}:${port}`;
      }),
    );
  }

  #ask(type: string, names: readonly string[]): void {
    for (const name of names) this.#asked.add(`${type} ${name}`);
    this.#send({ typeUrl: type, resourceNamesSubscribe: [...names] });
  }
}

function nodeOf({ address, namespace, serviceAccount }: WorkloadPlace): NonNullable<DeltaRequest['node']> {
  const fields = { NAMESPACE: { stringValue: namespace }, SERVICE_ACCOUNT: { stringValue: serviceAccount } };
  return {
    id: `sidecar~${address}~${serviceAccount}.${namespace}~${namespace}.svc.cluster.local`,
    userAgentName: 'envoy',
    metadata: { fields },
  };
}

function framed(request: DeltaRequest): Buffer {
  const message = encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', request);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}
