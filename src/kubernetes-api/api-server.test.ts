import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { HttpApiServer } from './api-server.ts';

/** A server that says what the test says, and one who asks it. */
async function asked() {
  const upstream = http.createServer();
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const { port } = upstream.address() as AddressInfo;
  const server = new HttpApiServer(new URL(`http://127.0.0.1:${port}`), async () => ({}), 60_000);
  onTestFinished(() => {
    server.close();
    upstream.closeAllConnections();
    upstream.close();
  });
  const stream = server
    .stream('/api/v1/pods?watch=true', 720_000, new AbortController().signal)
    [Symbol.asyncIterator]();
  const first = stream.next();
  const [, response] = (await once(upstream, 'request')) as [http.IncomingMessage, http.ServerResponse];
  return { server, stream, first, response };
}

describe('a stream', () => {
  // Node's own timers, by which connections live, go on.
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is given up when its answer does not begin in the time of any other', async () => {
    const { first } = await asked();
    const given = expect(first).rejects.toThrow('did not answer within 60 s');
    vi.advanceTimersByTime(60_000);
    await given;
  });

  it('has expired when the store was put back to an earlier state', async () => {
    const { server, stream, first, response } = await asked();
    response.writeHead(200).flushHeaders();
    await first;
    const second = stream.next();
    expect(server.history).toBe(0);
    server.beginHistory();
    await expect(second).rejects.toMatchObject({ isExpired: true });
    expect(server.history).toBe(1);
  });

  it('may be silent for longer once it has begun, and not for ever', async () => {
    const { stream, first, response } = await asked();
    response.writeHead(200).flushHeaders();
    expect(await first).toEqual({ done: false, value: [] });
    const second = stream.next();
    vi.advanceTimersByTime(719_999);
    response.write('{"type":"BOOKMARK"}\n');
    expect(await second).toEqual({ done: false, value: [{ type: 'BOOKMARK' }] });
    const given = expect(stream.next()).rejects.toThrow('nothing came for 720000 ms');
    vi.advanceTimersByTime(720_000);
    await given;
  });
});
