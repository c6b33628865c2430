/** One question to one upstream server, by UDP or by TCP, with an answer, or none in time. */
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createConnection, isIPv6 } from 'node:net';
import { MessageStream, withLength } from './message-stream.ts';
import { Flag, HEADER_BYTES, OPT_BYTES, TCP_BYTES_MAX } from './protocol.ts';
import type { UpstreamAddress } from './resolv-conf.ts';
import { writeOptions } from './response-writer.ts';
import { readUpstreamAnswer, type UpstreamAnswer } from './upstream-answer.ts';

export interface Question {
  /** As bytes, in any case. */
  readonly name: Buffer;
  readonly type: number;
  readonly dnssecOk: boolean;
  readonly checkingDisabled: boolean;
}

export interface Exchange {
  readonly upstream: UpstreamAddress;
  readonly question: Question;
  /** Whether to send an OPT record, which very old servers refuse. */
  readonly withOptions: boolean;
  readonly timeoutMs: number;
  /** Ends the exchange without an answer. */
  readonly signal: AbortSignal;
}

/**
 * A socket of its own for each question: the kernel gives it a random port and lets in what comes from the upstream only,
 * and with a random id a forger has to guess 31 bits.
 */
export async function askByUdp(exchange: Exchange): Promise<UpstreamAnswer | undefined> {
  const { upstream, question } = exchange;
  const query = queryFor(exchange);
  return new Promise((resolve) => {
    const socket = createSocket({ type: isIPv6(upstream.host) ? 'udp6' : 'udp4', lookup: asItIs });
    const { end, giveUp } = settlement(exchange, resolve, () => socket.close());
    socket.on('error', giveUp);
    socket.on('message', (packet) => {
      const answer = readUpstreamAnswer(packet, query, questionEndOf(question));
      if (answer !== undefined) end(answer);
    });
    socket.once('connect', () => socket.send(query));
    socket.connect(upstream.port, upstream.host);
  });
}

/** For answers that do not fit a UDP packet. */
export async function askByTcp(exchange: Exchange): Promise<UpstreamAnswer | undefined> {
  const { upstream, question } = exchange;
  const query = queryFor(exchange);
  return new Promise((resolve) => {
    const stream = new MessageStream(TCP_BYTES_MAX);
    const socket = createConnection({ host: upstream.host, port: upstream.port });
    const { end, giveUp } = settlement(exchange, resolve, () => socket.destroy());
    socket.on('error', giveUp);
    socket.on('close', giveUp);
    socket.on('data', (chunk) => {
      const [message] = stream.push(chunk) ?? [Buffer.alloc(0)];
      if (message !== undefined) end(readUpstreamAnswer(message, query, questionEndOf(question)));
    });
    socket.write(withLength(query));
  });
}

/** An exchange ends once: by an answer, by its time, or by its signal. */
function settlement(
  { timeoutMs, signal }: Exchange,
  resolve: (answer: UpstreamAnswer | undefined) => void,
  close: () => void,
) {
  let isOver = false;
  const end = (answer: UpstreamAnswer | undefined): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
    close();
    resolve(answer);
  };
  const giveUp = (): void => end(undefined);
  const timer = setTimeout(giveUp, timeoutMs);
  signal.addEventListener('abort', giveUp);
  return { end, giveUp };
}

function questionEndOf({ name }: Question): number {
  return HEADER_BYTES + name.length + 4;
}

function queryFor({ question, withOptions }: Exchange): Buffer {
  const { name, type, dnssecOk, checkingDisabled } = question;
  const bytes = Buffer.alloc(questionEndOf(question) + (withOptions ? OPT_BYTES : 0));
  bytes.writeUInt16BE(randomInt(0x10000), 0);
  bytes.writeUInt16BE(Flag.recursionDesired | (checkingDisabled ? Flag.checkingDisabled : 0), 2);
  bytes.writeUInt16BE(1, 4);
  bytes.writeUInt16BE(withOptions ? 1 : 0, 10);
  const at = HEADER_BYTES + name.copy(bytes, HEADER_BYTES);
  bytes.writeUInt16BE(type, at);
  bytes.writeUInt16BE(1, at + 2);
  if (withOptions) writeOptions(bytes, at + 4, 0, dnssecOk);
  return bytes;
}

/** Addresses need no look-up, and Node's own would wait for the next tick. */
export function asItIs(
  address: string,
  _options: unknown,
  done: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  done(null, address, isIPv6(address) ? 6 : 4);
}
