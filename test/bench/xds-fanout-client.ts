/**
 * The other side of xds-fanout.bench.ts, in a process of its own: many delta streams that acknowledge what comes.
 * `node xds-fanout-client.ts PORT STREAMS CONNECTIONS NAME...`: each stream subscribes to all endpoints named. Writes a dot
 * whenever there are as many acknowledgements more as there are streams. Ends with stdin.
 */
import { type ClientHttp2Session, connect } from 'node:http2';
import protobuf from 'protobufjs/minimal.js';
import { MessageReader } from '../../src/delivery/xds/transport/message-reader.ts';
import { encode, typeUrl } from '../../src/xds-api/messages.ts';

const [port = '', streamCount = '', connectionCount = '', ...names] = process.argv.slice(2);
const endpointType = typeUrl('envoy.config.endpoint.v3.ClusterLoadAssignment');

let acknowledged = 0;

function framed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Field 5, wherever it stands. */
function nonceOf(message: Uint8Array): string {
  const reader = protobuf.Reader.create(message);
  let nonce = '';
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 42) nonce = reader.string();
    else reader.skipType(tag & 7);
  }
  return nonce;
}

function open(session: ClientHttp2Session, id: number): void {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const send = (request: object): void => {
    stream.write(framed(encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', request)));
  };
  const reader = new MessageReader(1 << 26);
  stream.on('data', (chunk: Buffer) => {
    reader.read(chunk, (message) => {
      send({ typeUrl: endpointType, responseNonce: nonceOf(message) });
      if (++acknowledged % Number(streamCount) === 0) process.stdout.write('.');
    });
  });
  stream.on('error', (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  });
  send({
    node: { id: `sidecar~10.0.0.${id % 250}~web-${id}.shop~shop.svc.cluster.local`, userAgentName: 'envoy' },
    typeUrl: endpointType,
    resourceNamesSubscribe: names,
  });
}

const sessions = Array.from({ length: Number(connectionCount) }, () => connect(`http://127.0.0.1:${port}`));
for (let id = 0; id < Number(streamCount); id++) {
  const session = sessions[id % sessions.length];
  if (session !== undefined) open(session, id);
}
process.stdin.on('end', () => process.exit(0)).resume();
