/**
 * For tests: a stand-in for a Nacos server, which speaks gRPC as 3.1 does, for what a real one cannot be made to do at will:
 * to send its clients away, to look whether they are alive, to push nothing by mistake, to forget a connection.
 */
import { Server, ServerCredentials, type ServerDuplexStream, type ServiceDefinition } from '@grpc/grpc-js';
import type { JsonRecord } from './json-record.ts';
import { decodePayload, encodePayload, type Payload } from './naming-payload.ts';

type Stream = ServerDuplexStream<Payload, Payload>;

const method = { requestSerialize: encodePayload, requestDeserialize: decodePayload } as const;
const answers = { responseSerialize: encodePayload, responseDeserialize: decodePayload } as const;
const requests: ServiceDefinition = {
  request: { path: '/Request/request', requestStream: false, responseStream: false, ...method, ...answers },
};
const streams: ServiceDefinition = {
  requestBiStream: {
    path: '/BiRequestStream/requestBiStream',
    requestStream: true,
    responseStream: true,
    ...method,
    ...answers,
  },
};

export class NacosStandIn {
  /** Hosts by `NAMESPACE/GROUP@@NAME`. */
  readonly services = new Map<string, readonly JsonRecord[]>();
  /** What came over streams. */
  readonly received: Payload[] = [];
  /** Types of the requests that came. */
  readonly asked: string[] = [];
  connections = 0;
  /** Whether requests are answered as if their connection were unknown. */
  isForgetful = false;
  readonly #server = new Server();
  #streams: Stream[] = [];

  /** Gives its address, of which the port is that of gRPC. */
  async start(): Promise<string> {
    this.#server.addService(requests, {
      request: (call: { request: Payload }, answer: (error: null, payload: Payload) => void) => {
        this.asked.push(call.request.type);
        answer(null, payloadOf('Response', this.#answer(call.request)));
      },
    });
    this.#server.addService(streams, { requestBiStream: (stream: Stream) => this.#open(stream) });
    return new Promise((resolve, reject) => {
      this.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
        if (error === null) resolve(`127.0.0.1:${port}`);
        else reject(error);
      });
    });
  }

  send(type: string, body: JsonRecord): void {
    for (const stream of this.#streams) stream.write(payloadOf(type, body));
  }

  push(group: string, name: string, hosts: readonly JsonRecord[]): void {
    this.send('NotifySubscriberRequest', {
      requestId: '7',
      serviceInfo: { groupName: group, name, hosts, unheard: {} },
    });
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  #open(stream: Stream): void {
    this.connections++;
    this.#streams.push(stream);
    stream.on('data', (payload: Payload) => {
      this.received.push(payload);
      if (payload.type === 'ConnectionSetupRequest') stream.write(payloadOf('SetupAckRequest', { requestId: '1' }));
    });
    const gone = (): void => {
      this.#streams = this.#streams.filter((one) => one !== stream);
    };
    stream.on('error', gone);
    stream.on('end', () => {
      gone();
      stream.end();
    });
    stream.on('cancelled', gone);
  }

  #answer({ type, body }: Payload): JsonRecord {
    if (type === 'ServerCheckRequest') return { resultCode: 200, connectionId: 'c', supportAbilityNegotiation: true };
    if (this.isForgetful) return { resultCode: 500, errorCode: 301, message: 'Connection is unregistered.' };
    if (type === 'ServiceListRequest') return { resultCode: 200, ...this.#list(body) };
    const hosts = this.services.get(`${body.namespace}/${body.groupName}@@${body.serviceName}`) ?? [];
    return { resultCode: 200, success: false, serviceInfo: { hosts }, unheard: 1 };
  }

  #list({ namespace, groupName }: JsonRecord): JsonRecord {
    const start = `${namespace}/${groupName}@@`;
    const names = [...this.services.keys()]
      .filter((key) => key.startsWith(start))
      .map((key) => key.slice(start.length));
    return { count: names.length, serviceNames: names };
  }
}

function payloadOf(type: string, body: JsonRecord): Payload {
  return { type, headers: {}, body };
}
