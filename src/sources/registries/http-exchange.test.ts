import { once } from 'node:events';
import { createServer, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { IsthmusError } from '../../model/errors.ts';
import { AnswerLate, AnswerTooLarge, exchange, serverUrl, tlsOptions } from './http-exchange.ts';

const tls = { insecureSkipVerify: false };

/** A server that does the same with each request, and is gone with the test; gives its address. */
async function serve(answer: (response: ServerResponse, body: string) => void): Promise<string> {
  const server = createServer((incoming, response) => {
    const chunks: string[] = [];
    incoming.on('data', (chunk) => chunks.push(String(chunk))).on('end', () => answer(response, chunks.join('')));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const { port }: Pick<AddressInfo, 'port'> = Object.assign({ port: 0 }, server.address());
  return `127.0.0.1:${port}`;
}

const limits = { deadlineMs: 10_000, maxBytes: 8 };
const post = (address: string, changed: Partial<typeof limits> = {}, body = '') =>
  exchange(request(`http://${address}/secret`, { method: 'POST' }), { ...limits, ...changed }, body);

describe('a request', () => {
  it('is answered with all that the server says', async () => {
    const address = await serve((response, body) => response.writeHead(418, { tea: 'yes' }).end(body));
    const { status, headers, body } = await post(address, {}, '12345678');
    expect([status, headers.tea, body.toString()]).toEqual([418, 'yes', '12345678']);
  });

  it('whose answer is larger than was allowed ends with that', async () => {
    const address = await serve((response) => response.end('123456789'));
    const failure = post(address);
    await expect(failure).rejects.toThrow(AnswerTooLarge);
    await expect(failure).rejects.toThrow(`${address}: an answer has more than 8 bytes`);
  });

  it('that is not answered in time ends with that', async () => {
    const address = await serve(() => {});
    const failure = post(address, { deadlineMs: 20 });
    await expect(failure).rejects.toThrow(AnswerLate);
    await expect(failure).rejects.toThrow(`${address}: no answer within 20 ms`);
  });

  it('whose answer begins in time, and does not end, ends', async () => {
    const address = await serve((response) => response.write('1'));
    await expect(post(address, { deadlineMs: 200 })).rejects.toThrow(`${address}: no answer within 200 ms`);
  });

  it.each([
    ['before its answer', (response: ServerResponse) => response.destroy()],
    ['amid its answer', (response: ServerResponse) => response.write('1', () => response.destroy())],
  ])('to a server that ends the connection %s ends as unavailable, naming the host and no path', async (_, end) => {
    const address = await serve(end);
    const failure: unknown = await post(address).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(IsthmusError);
    expect(failure).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining(`${address}: `) });
    expect(String(failure)).not.toContain('secret');
  });
});

it.each([
  ['a:1', undefined, 'http://a:1/'],
  ['a:1', tls, 'https://a:1/'],
  ['http://a:1/x', tls, 'https://a:1/x'],
  ['https://a', undefined, 'https://a/'],
  ['[::1]:8500', undefined, 'http://[::1]:8500/'],
])('the address %s, with TLS settings %j, is %s', (address, settings, url) => {
  expect(serverUrl(address, settings).href).toBe(url);
});

it('what is no address is said to be none', () => {
  expect(() => serverUrl('a b', undefined)).toThrow('a b is no address');
});

it('a server is trusted by its certificate, unless its settings say that it need not be', () => {
  expect(tlsOptions(undefined, {})).toEqual({ rejectUnauthorized: true });
  expect(tlsOptions({ insecureSkipVerify: true }, {})).toEqual({ rejectUnauthorized: false });
  const files = { ca: 'ca', cert: 'cert', key: 'key' };
  expect(tlsOptions({ ...tls, serverName: 'a' }, { ...files, token: 'secret' })).toEqual({
    ...{ rejectUnauthorized: true, servername: 'a' },
    ...files,
  });
});
