/** Sends DNS queries by UDP and waits for their answers: as fast as they come back, or so many a second. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

export interface DnsLoad {
  readonly port: number;
  /** Whole queries; the load writes their ids. */
  readonly queries: readonly Buffer[];
  readonly seconds: number;
}

export interface FloodResult {
  readonly answered: number;
  readonly seconds: number;
  /** Answers that were no answer to a query of ours, or had no record. */
  readonly wrong: number;
}

const SOCKETS = 4;
/** Queries on their way, on each socket. */
const WINDOW = 24;
const ROUND_MS = 1;

/** As many queries as are answered, with a fixed number on their way. A lost packet would stop its slot: none is lost here. */
export async function flood(
  { port, queries, seconds }: DnsLoad,
  isRight: (answer: Buffer) => boolean,
): Promise<FloodResult> {
  const sockets = await connected(port, SOCKETS);
  let answered = 0;
  let wrong = 0;
  let next = 0;
  const started = performance.now();
  const until = started + seconds * 1000;
  for (const socket of sockets) {
    const send = (): void => {
      const query = queries[next++ % queries.length];
      if (query !== undefined) socket.send(query);
    };
    socket.on('message', (answer) => {
      answered++;
      if (!isRight(answer)) wrong++;
      if (performance.now() < until) send();
    });
    for (let count = 0; count < WINDOW; count++) send();
  }
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const elapsed = (performance.now() - started) / 1000;
  for (const socket of sockets) socket.close();
  return { answered, seconds: elapsed, wrong };
}

export interface PaceResult {
  readonly sent: number;
  readonly answered: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** So many queries a second, whether answers come or not. Times are from the sending of a query to its answer. */
export async function pace({ port, queries, seconds }: DnsLoad, perSecond: number): Promise<PaceResult> {
  const [socket] = await connected(port, 1);
  if (socket === undefined) throw new TypeError('no socket');
  const sentAt = new Float64Array(0x10000);
  const times: number[] = [];
  socket.on('message', (answer) => times.push(performance.now() - (sentAt[answer.readUInt16BE(0)] ?? 0)));
  const total = Math.round(perSecond * seconds);
  const started = performance.now();
  let sent = 0;
  while (sent < total) {
    const due = Math.min(total, Math.floor(((performance.now() - started) / 1000) * perSecond));
    for (; sent < due; sent++) {
      const query = Buffer.from(queries[sent % queries.length] ?? Buffer.alloc(12));
      query.writeUInt16BE(sent & 0xffff, 0);
      sentAt[sent & 0xffff] = performance.now();
      socket.send(query);
    }
    await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  socket.close();
  times.sort((a, b) => a - b);
  const at = (share: number): number => Math.round((times[Math.floor(times.length * share)] ?? 0) * 1000);
  return { sent, answered: times.length, p50Us: at(0.5), p99Us: at(0.99) };
}

async function connected(port: number, count: number): Promise<readonly Socket[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const socket = createSocket('udp4');
      socket.connect(port, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    }),
  );
}
