/** A client of istiod that is a proxy in nothing but its node: what a sidecar or a gateway would be told, as it is told. */
import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';
import {
  decode,
  encode,
  type envoy,
  type google,
  type Message,
  type MessageName,
} from '../../../src/xds-api/messages.ts';

type Request = envoy.service.discovery.v3.DiscoveryRequest;
type Response = envoy.service.discovery.v3.DiscoveryResponse;

const method = '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources';

export interface ProxyPlace {
  readonly role: 'sidecar' | 'router';
  readonly address: string;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Of the node, beside what every agent of Istio writes there. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export class IstiodClient {
  readonly #client: Client;
  readonly #call: ClientDuplexStream<Request, Response>;
  readonly #node: envoy.config.core.v3.Node;
  /** The last of each type, by the number of responses so far. */
  readonly #last = new Map<string, { readonly count: number; readonly response: Response }>();
  readonly #asked = new Set<string>();
  /** All since the last `forget`. */
  #all: Response[] = [];

  constructor(target: string, place: ProxyPlace) {
    this.#node = nodeOf(place);
    this.#client = new Client(target, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': -1,
    });
    this.#call = this.#client.makeBidiStreamRequest(
      method,
      (request: Request) => Buffer.from(encode('envoy.service.discovery.v3.DiscoveryRequest', request)),
      (bytes: Buffer) => decode('envoy.service.discovery.v3.DiscoveryResponse', bytes),
    );
    this.#call.on('error', () => {
      // Whoever waits for a response says that none came.
    });
    this.#call.on('data', (response: Response) => this.#take(response));
  }

  /** Asks for all of a type; `names` for what is asked for by name. */
  ask(typeUrl: string, names: readonly string[] = []): void {
    if (this.#asked.has(typeUrl)) return;
    this.#asked.add(typeUrl);
    this.#call.write({ node: this.#node, typeUrl, resourceNames: [...names] });
  }

  /** How many responses of a type came. */
  responses(typeUrl: string): number {
    return this.#last.get(typeUrl)?.count ?? 0;
  }

  /** Of the last response; none while there is none. */
  resources<N extends MessageName>(typeUrl: string, name: N): readonly Message<N>[] {
    const { resources = [] } = this.#last.get(typeUrl)?.response ?? {};
    return resources.map(({ value = new Uint8Array() }) => decode(name, value));
  }

  /** Of each response of a type since the last `forget`, in their order. */
  history<N extends MessageName>(typeUrl: string, name: N): readonly (readonly Message<N>[])[] {
    return this.#all
      .filter((response) => response.typeUrl === typeUrl)
      .map(({ resources = [] }) => resources.map(({ value = new Uint8Array() }) => decode(name, value)));
  }

  forget(): void {
    this.#all = [];
  }

  /** The bytes of each, in their order. */
  bytes(typeUrl: string): readonly string[] {
    const { resources = [] } = this.#last.get(typeUrl)?.response ?? {};
    return resources.map(({ value = new Uint8Array() }) => Buffer.from(value).toString('base64'));
  }

  close(): void {
    this.#call.cancel();
    this.#client.close();
  }

  #take(response: Response): void {
    const { typeUrl = '', versionInfo = '', nonce = '' } = response;
    this.#all.push(response);
    this.#last.set(typeUrl, { count: this.responses(typeUrl) + 1, response });
    this.#call.write({ typeUrl, versionInfo, responseNonce: nonce, resourceNames: [] });
  }
}

function nodeOf({ role, address, name, namespace, labels, metadata }: ProxyPlace): envoy.config.core.v3.Node {
  return {
    id: `${role}~${address}~${name}.${namespace}~${namespace}.svc.cluster.local`,
    cluster: `${name}.${namespace}`,
    userAgentName: 'envoy',
    metadata: {
      fields: {
        ...texts({
          NAMESPACE: namespace,
          NAME: name,
          SERVICE_ACCOUNT: 'default',
          CLUSTER_ID: 'Kubernetes',
          MESH_ID: 'cluster.local',
          ISTIO_VERSION: '1.31.0',
          INTERCEPTION_MODE: 'REDIRECT',
          DNS_CAPTURE: 'true',
          INSTANCE_IPS: address,
          ...metadata,
        }),
        LABELS: { structValue: { fields: texts(labels) } },
      },
    },
  };
}

function texts(values: Readonly<Record<string, string>>): Record<string, google.protobuf.Value> {
  return Object.fromEntries(Object.entries(values).map(([key, stringValue]) => [key, { stringValue }]));
}
