/**
 * The client of the proxy's benches, a process of its own. Its parent sends a LoadOrder and gets a LoadResult.
 * Without a rate it keeps `depth` requests in flight on each connection; with one it sends that many a second, at most
 * one in flight on a connection, and measures each from the moment it was sent, or was due where no connection was free.
 */
import { connect, type Socket } from 'node:net';
import { type BenchProtocol, frameBytes, requestFrames } from './proxy-frames.ts';

export interface LoadOrder {
  readonly protocol: BenchProtocol;
  readonly port: number;
  readonly connections: number;
  readonly depth: number;
  readonly seconds: number;
  /** Requests a second; absent: as many as go. */
  readonly rate?: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly failed: number;
  /** Microseconds; only with a rate. */
  readonly p50?: number;
  readonly p99?: number;
}

process.on('message', (order: LoadOrder) => {
  void (order.rate === undefined ? saturate(order) : pace(order, order.rate)).then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit(0));

async function saturate({ protocol, port, connections, depth, seconds }: LoadOrder): Promise<LoadResult> {
  const size = frameBytes(protocol);
  const frames = requestFrames(protocol, depth);
  let bytes = 0;
  let failed = 0;
  let stopping = false;
  let left = connections * depth;
  const answered = Promise.withResolvers<void>();
  const noteLeft = (count: number): void => {
    left -= count;
    if (left <= 0) answered.resolve();
  };
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
  for (const socket of sockets) {
    let partial = 0;
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      const whole = Math.floor((partial + chunk.length) / size);
      partial = (partial + chunk.length) % size;
      if (stopping) noteLeft(whole);
      else if (whole > 0) socket.write(whole === depth ? frames : frames.subarray(0, whole * size));
    });
    socket.on('close', () => {
      if (!stopping) failed++;
    });
    socket.write(frames);
  }
  const start = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const elapsed = (performance.now() - start) / 1000;
  const requests = Math.floor(bytes / size);
  stopping = true;
  // Envoy's generic_proxy can crash when a caller closes with requests in flight.
  await Promise.race([answered.promise, new Promise((resolve) => setTimeout(resolve, 1000))]);
  for (const socket of sockets) socket.destroy();
  return { requests, seconds: elapsed, failed };
}

async function pace({ protocol, port, connections, seconds }: LoadOrder, rate: number): Promise<LoadResult> {
  const size = frameBytes(protocol);
  const frame = requestFrames(protocol, 1);
  const latencies: number[] = [];
  let failed = 0;
  let stopping = false;
  const idle: ((due: number) => void)[] = [];
  const due: number[] = [];
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
  for (const socket of sockets) {
    let received = 0;
    let since = 0;
    const send = (at: number): void => {
      since = at;
      received = 0;
      socket.write(frame);
    };
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received < size) return;
      latencies.push(performance.now() - since);
      const next = due.shift();
      if (next === undefined) idle.push(send);
      else send(next);
    });
    socket.on('close', () => {
      if (!stopping) failed++;
    });
    idle.push(send);
  }
  const start = performance.now();
  let sent = 0;
  while (performance.now() - start < seconds * 1000) {
    for (const target = ((performance.now() - start) / 1000) * rate; sent < target; sent++) {
      const send = idle.shift();
      // Who waits for a connection waits from the moment it was due; a late timer of ours is not the proxy's delay.
      if (send === undefined) due.push(start + (sent / rate) * 1000);
      else send(performance.now());
    }
    // Not in a loop that never rests: the server shares this core.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  stopping = true;
  for (const socket of sockets) socket.destroy();
  latencies.sort((a, b) => a - b);
  const percentile = (share: number): number => 1000 * (latencies[Math.floor(latencies.length * share)] ?? Number.NaN);
  return { requests: latencies.length, seconds, failed, p50: percentile(0.5), p99: percentile(0.99) };
}

async function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });
}
