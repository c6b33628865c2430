/** Raw clients and servers of the key-value-header protocol for tests: bytes and sockets, nothing of the product. */
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { load } from 'js-yaml';
import { onTestFinished } from 'vitest';

const HEADER = 16;
export const Flag = { response: 0x80, heartbeat: 0x40, oneway: 0x20 } as const;

export interface KeyValueFrame {
  readonly flags: number;
  readonly id: number;
  readonly code: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The codec as its YAML describes it, as a field of MetaProtocolProxy. */
export function kvHeaderProtocol(multiplexing: boolean): Record<string, unknown> {
  const file = new URL('../../codecs/kv-header/kv-header.yaml', import.meta.url);
  const document: unknown = load(readFileSync(file, 'utf8'));
  const spec: unknown = typeof document === 'object' && document !== null ? Reflect.get(document, 'spec') : undefined;
  const config = {
    '@type': 'type.googleapis.com/xds.type.v3.TypedStruct',
    type_url: 'type.googleapis.com/isthmus.dev.v1alpha1.ProtocolCodec',
    value: spec,
  };
  return { name: 'kv-header', codec: { name: 'kv-header', config }, multiplexing };
}

const text = (value: string): Buffer => {
  const bytes = Buffer.alloc(2 + Buffer.byteLength(value));
  bytes.writeUInt16BE(bytes.length - 2);
  bytes.write(value, 2);
  return bytes;
};

export function encodeFrame({
  flags = 0,
  id,
  code = 0,
  headers = {},
  body = '',
}: Partial<KeyValueFrame> & { id: number }) {
  const entries = Object.entries(headers);
  const section = Buffer.concat([Buffer.alloc(2), ...entries.flatMap((entry) => entry.map(text))]);
  section.writeUInt16BE(entries.length);
  const head = Buffer.alloc(HEADER);
  head.write('KV\u0001', 'latin1');
  head[3] = flags;
  head.writeUInt32BE(id, 4);
  head.writeUInt16BE(section.length, 8);
  head.writeUInt16BE(code, 10);
  head.writeUInt32BE(Buffer.byteLength(body), 12);
  return Buffer.concat([head, section, Buffer.from(body)]);
}

function decodeFrame(bytes: Buffer): KeyValueFrame {
  const end = HEADER + bytes.readUInt16BE(8);
  const texts: string[] = [];
  for (let at = HEADER + 2; at < end; ) {
    const length = bytes.readUInt16BE(at);
    texts.push(bytes.toString('utf8', at + 2, at + 2 + length));
    at += 2 + length;
  }
  const headers = texts.flatMap((key, index) => (index % 2 === 0 ? [[key, texts[index + 1] ?? '']] : []));
  return {
    flags: bytes[3] ?? 0,
    id: bytes.readUInt32BE(4),
    code: bytes.readUInt16BE(10),
    headers: Object.fromEntries(headers),
    body: bytes.toString('utf8', end),
  };
}

export function onFrames(socket: Socket, onFrame: (frame: KeyValueFrame) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  const length = (): number => HEADER + rest.readUInt16BE(8) + rest.readUInt32BE(12);
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= HEADER && rest.length >= length()) {
      const whole = rest.subarray(0, length());
      rest = rest.subarray(whole.length);
      onFrame(decodeFrame(whole));
    }
  });
}

export interface KeyValueServer {
  readonly port: number;
  readonly received: KeyValueFrame[];
  readonly sockets: Socket[];
}

/** A server on loopback that answers as `answer` says; by default with the request's own headers and body. */
export async function keyValueServer(
  answer: (frame: KeyValueFrame, socket: Socket) => void = (frame, socket) =>
    void socket.write(encodeFrame({ ...frame, flags: Flag.response })),
): Promise<KeyValueServer> {
  const started = { received: [] as KeyValueFrame[], sockets: [] as Socket[] };
  const server = createServer((socket) => {
    started.sockets.push(socket);
    onFrames(socket, (frame) => {
      started.received.push(frame);
      answer(frame, socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of started.sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return { ...started, port: typeof address === 'object' && address !== null ? address.port : 0 };
}

/** A caller; `replies` fills as they arrive. */
export async function keyValueClient(port: number): Promise<{ socket: Socket; replies: KeyValueFrame[] }> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise((resolve) => socket.once('connect', resolve));
  onTestFinished(() => void socket.destroy());
  const replies: KeyValueFrame[] = [];
  onFrames(socket, (frame) => void replies.push(frame));
  return { socket, replies };
}
