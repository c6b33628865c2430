/** Raw clients and servers of Dubbo 2 for tests: bytes and sockets, nothing of the codec under test. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { attachmentMap, callBody, dubboFrame } from '../../codecs/dubbo/dubbo-frames.ts';
import { HessianWriter, text } from '../../codecs/dubbo/hessian-writer.ts';

export const Flag = { call: 0xc2, oneway: 0x82, heartbeat: 0xe2, notice: 0xa2, response: 0x02, heartbeatAnswer: 0x22 };
export const readOnlyNotice = dubboFrame({ flags: Flag.notice, id: 99n, body: Buffer.from([0x01, 0x52]) });
export const heartbeat = (id: bigint): Buffer => dubboFrame({ flags: Flag.heartbeat, id, body: Buffer.from([0x4e]) });

export interface DubboFrame {
  readonly flags: number;
  readonly status: number;
  readonly id: bigint;
  readonly body: Buffer;
}

export interface CallOptions {
  readonly interface?: string;
  readonly method?: string;
  readonly version?: string;
  readonly attachments?: Readonly<Record<string, string>>;
  readonly argument?: string;
  readonly flags?: number;
}

/** A call with one string. */
export function call(id: bigint, options: CallOptions = {}): Buffer {
  const { flags = Flag.call, attachments = {}, argument = 'x', version = '0.0.0', method = 'echo' } = options;
  const body = callBody({
    interface: options.interface ?? 'org.example.Echo',
    method,
    version,
    descriptor: 'Ljava/lang/String;',
    arguments: [text(argument)],
    attachments: attachmentMap(attachments),
  });
  return dubboFrame({ flags, id, body });
}

/** A result with a string and attachments. */
export function result(id: bigint, value: string, attachments: Readonly<Record<string, string>> = {}): Buffer {
  const body = new HessianWriter().int(4).string(value).write(attachmentMap(attachments)).bytes;
  return dubboFrame({ flags: Flag.response, status: 20, id, body });
}

function readFrame(bytes: Buffer): DubboFrame {
  return { flags: bytes[2] ?? 0, status: bytes[3] ?? 0, id: bytes.readBigUInt64BE(4), body: bytes.subarray(16) };
}

function onFrames(socket: Socket, onFrame: (frame: DubboFrame) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  const length = (): number => 16 + rest.readUInt32BE(12);
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 16 && rest.length >= length()) {
      const whole = rest.subarray(0, length());
      rest = rest.subarray(whole.length);
      onFrame(readFrame(whole));
    }
  });
}

export interface DubboServer {
  readonly port: number;
  readonly received: DubboFrame[];
  readonly sockets: Socket[];
}

/** A server on loopback; by default it answers calls with its name and heartbeats. */
export async function dubboServer(
  name: string,
  answer: (frame: DubboFrame, socket: Socket) => void = (frame, socket) => answerUsually(name, frame, socket),
): Promise<DubboServer> {
  const started = { received: [] as DubboFrame[], sockets: [] as Socket[] };
  const server = createServer((socket) => {
    started.sockets.push(socket);
    onFrames(socket, (frame) => {
      started.received.push(frame);
      answer(frame, socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of started.sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return { ...started, port: typeof address === 'object' && address !== null ? address.port : 0 };
}

export function answerUsually(name: string, frame: DubboFrame, socket: Socket): void {
  if (frame.flags === Flag.call) socket.write(result(frame.id, name));
  else if (frame.flags === Flag.heartbeat)
    socket.write(dubboFrame({ flags: Flag.heartbeatAnswer, status: 20, id: frame.id, body: Buffer.from([0x4e]) }));
}

export interface DubboClient {
  readonly socket: Socket;
  /** Fills as they arrive. */
  readonly replies: DubboFrame[];
}

export async function dubboClient(port: number, host = '127.0.0.1'): Promise<DubboClient> {
  const socket = connect({ port, host, noDelay: true });
  await once(socket, 'connect');
  onTestFinished(() => void socket.destroy());
  const replies: DubboFrame[] = [];
  onFrames(socket, (frame) => void replies.push(frame));
  return { socket, replies };
}

/** The short string that a result of type 4, or an error, begins with. */
export function textOf({ status, body }: DubboFrame): string {
  const at = status === 20 ? 1 : 0;
  const length = body[at] ?? 0;
  if (length > 0x1f) return body.toString('latin1', at + 2, at + 2 + (((length & 3) << 8) | (body[at + 1] ?? 0)));
  return body.toString('latin1', at + 1, at + 1 + length);
}
