/** Callers with a certificate, or without: what becomes of one request or connection, byte by byte as it is written here. */
import { connect as connectHttp2 } from 'node:http2';
import { connect, type TLSSocket } from 'node:tls';
import type { Certificate } from './access-certificates.ts';

/**
 * answered: by the server behind the proxy; denied: by the access rules (403, or the connection was ended); malformed:
 * the proxy takes no such request; stranger: it takes no such certificate.
 */
export type Outcome = 'answered' | 'denied' | 'malformed' | 'stranger';

export interface Reply {
  readonly outcome: Outcome;
  /** What came back, headers and all. */
  readonly text: string;
}

export interface Caller {
  readonly certificate: Certificate | undefined;
  readonly port: number;
}

/** One HTTP/1.1 request; `headers` are sent as they are, in their order. Texts are Latin-1: a character is a byte. */
export async function request(
  caller: Caller,
  {
    method,
    target,
    headers,
  }: { readonly method: string; readonly target: string; readonly headers: readonly string[] },
): Promise<Reply> {
  const lines = [`${method} ${target} HTTP/1.1`, ...headers, 'connection: close', '', ''];
  const text = await converse(caller, lines.join('\r\n'), (received) => received.includes('\r\n\r\n'));
  return text === undefined ? { outcome: 'stranger', text: '' } : { outcome: outcomeOf(text), text };
}

function outcomeOf(text: string): Outcome {
  const status = Number(text.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length));
  if (status === 200 && text.includes('x-answered-by: server')) return 'answered';
  return status === 403 ? 'denied' : 'malformed';
}

/** One HTTP/2 request; the pseudo-headers are among the headers. */
export async function request2(caller: Caller, headers: Readonly<Record<string, string | string[]>>): Promise<Reply> {
  const session = connectHttp2(`https://127.0.0.1:${caller.port}`, { createConnection: () => secure(caller, ['h2']) });
  session.on('error', () => {});
  const reply = await new Promise<Reply>((settle) => {
    const stream = session.request(headers);
    stream.on('error', () => {});
    stream.on('response', (response) => {
      const isAnswered = response[':status'] === 200 && response['x-answered-by'] === 'server';
      const refusal = response[':status'] === 403 ? 'denied' : 'malformed';
      settle({ outcome: isAnswered ? 'answered' : refusal, text: String(response[':status']) });
    });
    // Without a response: the proxy reset the stream, or ended the connection in the handshake.
    stream.on('close', () => settle({ outcome: session.alpnProtocol === 'h2' ? 'malformed' : 'stranger', text: '' }));
    stream.end();
  });
  session.destroy();
  return reply;
}

/** A connection that is opened by some words of the caller, which are echoed, or by a greeting of the server. */
export async function connection(caller: Caller, words: 'hello' | ''): Promise<Reply> {
  const text = await converse(caller, words, (received) => received.includes('hello'));
  if (text === undefined) return { outcome: 'stranger', text: '' };
  return { outcome: text.includes('hello') ? 'answered' : 'denied', text };
}

/** All that comes until the end, or until `isEnough`; undefined where the handshake fails, which TLS 1.3 tells late. */
async function converse(
  caller: Caller,
  words: string,
  isEnough: (received: string) => boolean,
): Promise<string | undefined> {
  const socket = secure(caller, []);
  let received = '';
  let isStranger = false;
  socket.on('error', (error: NodeJS.ErrnoException) => {
    isStranger ||= error.code?.startsWith('ERR_SSL') === true;
  });
  socket.on('data', (bytes) => {
    received += bytes.toString('latin1');
    if (isEnough(received)) socket.destroy();
  });
  socket.on('secureConnect', () => socket.write(Buffer.from(words, 'latin1')));
  await new Promise((closed) => socket.once('close', closed));
  return isStranger && received === '' ? undefined : received;
}

function secure({ certificate, port }: Caller, alpn: readonly string[]): TLSSocket {
  return connect({
    host: '127.0.0.1',
    port,
    // What is under test is whom the proxy lets in; it is not the proxy that has to prove who it is.
    rejectUnauthorized: false,
    ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
    ...(certificate ?? {}),
  });
}
