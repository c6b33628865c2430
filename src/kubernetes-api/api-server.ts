/** What is asked of an API server: whole answers, streams of lines, and changes. All of it is bounded. */
import http from 'node:http';
import https from 'node:https';
import { TLSSocket } from 'node:tls';
import { messageOf } from '../model/errors.ts';
import { ApiFailure, failureOf } from './api-failure.ts';
import { LineReader } from './line-reader.ts';

export interface ApiServer {
  /** The JSON of an answer. Rejects with ApiFailure. */
  get(path: string, signal?: AbortSignal): Promise<unknown>;
  /** Changes something; gives the JSON of the answer. Rejects with ApiFailure: whether it was done is not known then, unless it has a status. */
  send(change: ApiChange, signal?: AbortSignal): Promise<unknown>;
  /**
   * The JSON of each line of an answer, all that came in one piece together, and nothing once when the answer begins: a watch
   * may be silent for long from then on. Ends when the server ends it. Throws ApiFailure, also when nothing came for `idleMs`, or
   * the answer did not begin in the time that a whole one may take: a connection that is dead says nothing.
   */
  stream(path: string, idleMs: number, signal: AbortSignal): AsyncIterable<readonly unknown[]>;
  /**
   * Counts how often the store behind it was put back to an earlier state, as by restoring a backup: versions of two histories
   * say nothing of each other. None when absent.
   */
  readonly history?: number;
  /** Tells that the store was put back: what streams at present is of what is not any more, and fails as what has expired. */
  beginHistory?(): void;
  close(): void;
}

export interface ApiChange {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
  /** Of the body: how a PATCH is meant. application/json when absent. */
  readonly contentType?: string;
  /** Asked at the last moment, when there is nothing left to do but to send it: what it throws is the answer. */
  readonly guard?: () => void;
}

/** The whole intent of one field manager: JSON is YAML too. */
export const serverSideApply = 'application/apply-patch+yaml';

/** Gives what a request needs to be let in, anew for each: tokens are rotated. With an agent where only that one leads there. */
export type Authentication = () => Promise<https.RequestOptions>;

const longestAnswerMs = 60_000;
/** A page of 500 objects of the size that etcd takes at most. */
const maxAnswerBytes = 1024 * 1024 * 1024;
/** Larger than any object that etcd takes. */
const maxLineBytes = 16 * 1024 * 1024;
const keepAliveMs = 30_000;

type Asked = Omit<ApiChange, 'method'> & { readonly method: ApiChange['method'] | 'GET' };

export class HttpApiServer implements ApiServer {
  readonly #url: URL;
  readonly #authenticate: Authentication;
  /** A server may stand below a path, behind a gateway. Without a slash at its end. */
  readonly #base: string;
  readonly #agent: http.Agent;
  readonly #answerMs: number;
  #history = { number: 0, ended: new AbortController() };

  /** `answerMs`: how long a whole answer may take; streams are not bounded by it. */
  constructor(url: URL, authenticate: Authentication, answerMs = longestAnswerMs) {
    this.#answerMs = answerMs;
    this.#url = url;
    this.#base = url.pathname.replace(/\/+$/, '');
    this.#authenticate = authenticate;
    const options = { keepAlive: true, keepAliveMsecs: keepAliveMs };
    this.#agent = url.protocol === 'https:' ? new https.Agent(options) : new http.Agent(options);
  }

  async get(path: string, signal?: AbortSignal): Promise<unknown> {
    return this.#whole({ method: 'GET', path }, signal);
  }

  async send(change: ApiChange, signal?: AbortSignal): Promise<unknown> {
    return this.#whole(change, signal);
  }

  async *stream(path: string, idleMs: number, signal: AbortSignal): AsyncIterableIterator<readonly unknown[]> {
    const idle = new AbortController();
    const bound = AbortSignal.any([signal, idle.signal, this.#history.ended.signal]);
    const giveUp = (): void => idle.abort(new ApiFailure(`nothing came for ${idleMs} ms`));
    let timer = setTimeout(() => idle.abort(this.#silence()), Math.min(idleMs, this.#answerMs));
    try {
      const response = await this.#ask({ method: 'GET', path }, bound);
      clearTimeout(timer);
      timer = setTimeout(giveUp, idleMs);
      yield [];
      const lines = new LineReader(maxLineBytes);
      for await (const chunk of response) {
        clearTimeout(timer);
        timer = setTimeout(giveUp, idleMs);
        const values = [...lines.take(chunk)].filter((line) => line !== '').map(parsed);
        if (values.length > 0) yield values;
      }
    } catch (error) {
      throw asFailure(error, bound);
    } finally {
      clearTimeout(timer);
      idle.abort();
    }
  }

  get history(): number {
    return this.#history.number;
  }

  beginHistory(): void {
    const { number, ended } = this.#history;
    this.#history = { number: number + 1, ended: new AbortController() };
    ended.abort(new ApiFailure('the store of the API server was put back to an earlier state', { reason: 'Expired' }));
  }

  close(): void {
    this.#agent.destroy();
  }

  async #whole(asked: Asked, signal: AbortSignal | undefined): Promise<unknown> {
    const timeout = AbortSignal.timeout(this.#answerMs);
    const bound = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    try {
      const response = await this.#ask(asked, bound);
      return parsed(await wholeBody(response));
    } catch (error) {
      if (timeout.aborted && bound.reason === timeout.reason) throw this.#silence(error);
      throw asFailure(error, bound);
    }
  }

  #silence(cause?: unknown): ApiFailure {
    const text = `the API server ${this.#url.origin} did not answer within ${this.#answerMs / 1000} s`;
    return new ApiFailure(text, { isUnanswered: true, cause });
  }

  /** Resolves with an answer that is sound so far. Rejects with ApiFailure for one that is not. */
  async #ask({ method, path, body, contentType, guard }: Asked, signal: AbortSignal): Promise<http.IncomingMessage> {
    const url = new URL(this.#base + path, this.#url);
    const given = await this.#authenticate();
    const sent = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const options: https.RequestOptions = {
      agent: this.#agent,
      ...given,
      method,
      signal,
      headers: {
        ...given.headers,
        accept: 'application/json',
        'user-agent': 'isthmus',
        ...(sent === undefined
          ? {}
          : { 'content-type': contentType ?? 'application/json', 'content-length': sent.length }),
      },
    };
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
    const request =
      url.protocol === 'https:' ? https.request(url, options, resolve) : http.request(url, options, resolve);
    request.on('error', reject);
    request.setSocketKeepAlive(true, keepAliveMs);
    if (guard === undefined) request.end(sent);
    else sendGuarded(request, sent, guard, reject);
    const response = await promise;
    const { statusCode: status = 0, headers } = response;
    if (status >= 200 && status < 300) return response;
    const refusal = await wholeBody(response).catch(() => '');
    throw failureOf(jsonOrNothing(refusal), status, headers['retry-after']);
  }
}

/** A connection takes its time to be made, and the process may stand still meanwhile. */
function sendGuarded(
  request: http.ClientRequest,
  sent: Buffer | undefined,
  guard: () => void,
  reject: (error: unknown) => void,
): void {
  const send = (): void => {
    try {
      guard();
      request.end(sent);
    } catch (error) {
      reject(error);
      request.destroy();
    }
  };
  request.once('socket', (socket) => {
    if (socket instanceof TLSSocket) {
      // Through a proxy it is connected long before both sides have said that they are done.
      if (socket.getPeerFinished() === undefined) socket.once('secureConnect', send);
      else send();
    } else if (socket.connecting) socket.once('connect', send);
    else send();
  });
}

async function wholeBody(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) throw new ApiFailure(`an answer has more than ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ApiFailure(`an answer is no JSON: ${messageOf(cause)}`, { cause });
  }
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Why an abort came is what is to be told of it. */
function asFailure(error: unknown, { aborted, reason }: AbortSignal): ApiFailure {
  if (error instanceof ApiFailure) return error;
  if (aborted && reason instanceof ApiFailure) return reason;
  const cause = aborted && reason !== undefined ? reason : error;
  return new ApiFailure(messageOf(cause), { isUnanswered: true, cause });
}
