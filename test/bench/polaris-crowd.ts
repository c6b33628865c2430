/**
 * A stand-in for a Polaris server with more services than a real one takes in within minutes: they never change, and an
 * answer is "no change" to whoever has their revision. In a process of its own: `node polaris-crowd.ts SERVICES`; writes its
 * port, and ends with stdin.
 */
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import {
  type DiscoverRequest,
  DiscoverType,
  responseType,
} from '../../src/sources/registries/polaris/polaris-messages.ts';

const [services = ''] = process.argv.slice(2);
const requestType = responseType.root.lookupType('DiscoverRequest');
const text = (value: string) => ({ value });
const namespace = text('Bench');

function answerTo({ type, service }: DiscoverRequest): object {
  const echo = { namespace, revision: text('1'), ...(service.name === undefined ? {} : { name: service.name }) };
  const code = service.revision?.value === '1' ? 200_001 : 200_000;
  const head = { code: { value: code }, type, service: echo };
  if (code === 200_001) return head;
  if (type === DiscoverType.services)
    return {
      ...head,
      services: Array.from({ length: Number(services) }, (_, n) => ({ name: text(`service-${n}`), namespace })),
    };
  const n = Number(service.name?.value?.slice('service-'.length));
  const host = text(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
  return { ...head, instances: [{ id: text(`i${n}`), host, port: { value: 9090 }, protocol: text('grpc') }] };
}

const server = new Server();
server.addService(
  {
    Discover: {
      path: '/v1.PolarisGRPC/Discover',
      requestStream: true,
      responseStream: true,
      requestSerialize: (bytes: Buffer) => bytes,
      requestDeserialize: (bytes: Buffer) => requestType.toObject(requestType.decode(bytes)),
      responseSerialize: (message: object) =>
        Buffer.from(responseType.encode(responseType.fromObject(message)).finish()),
      responseDeserialize: (bytes: Buffer) => bytes,
    },
  },
  {
    Discover: (call: ServerDuplexStream<DiscoverRequest, object>) => {
      call.on('data', (request: DiscoverRequest) => call.write(answerTo(request)));
      call.on('end', () => call.end());
      call.on('error', () => {});
    },
  },
);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.stdout.write(`${port}\n`);
});
process.stdin.on('end', () => process.exit(0)).resume();
