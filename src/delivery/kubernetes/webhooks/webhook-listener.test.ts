import { once } from 'node:events';
import https from 'node:https';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeRoot } from '../../../security/certificate-profile.ts';
import { PrivateKey } from '../../../security/private-key.ts';
import type { AdmissionRequest } from './admission-review.ts';
import { WebhookListener, type WebhookOutcome } from './webhook-listener.ts';

interface Answer {
  readonly status: number;
  readonly body: string;
}

const json = { 'content-type': 'application/json' };
const request = { uid: 'u', operation: 'CREATE', kind: { group: '', version: 'v1', kind: 'Pod' }, object: {} };
const review = (more: object = {}): string =>
  JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: { ...request, ...more } });

describe('the listener of webhooks', () => {
  let listener: WebhookListener;
  let answer: (request: AdmissionRequest) => Promise<object> = async () => ({});
  const outcomes: WebhookOutcome[] = [];

  beforeAll(async () => {
    const key = await PrivateKey.generate('ecdsa-p256');
    const now = Date.now();
    const chain = await makeRoot(key, 'test', { notBefore: now - 1_000, notAfter: now + 3_600_000 });
    listener = await WebhookListener.listen({
      address: { host: '127.0.0.1', port: 0 },
      webhooks: new Map([['/ask', (asked: AdmissionRequest) => answer(asked)]]),
      certificate: { chain, key: key.reveal() },
      answered: (_path, outcome) => outcomes.push(outcome),
      failed: () => {},
    });
  });

  afterAll(() => listener.close());

  function ask(body: string | Uint8Array, options: https.RequestOptions = {}): Promise<Answer> {
    const port = Number(listener.address.split(':').at(-1));
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const all = { host: '127.0.0.1', port, path: '/ask', method: 'POST', rejectUnauthorized: false, headers: json };
    const asked = https.request({ ...all, ...options }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
      );
      response.on('error', reject);
    });
    asked.on('error', reject);
    asked.end(body);
    return promise;
  }

  /** A request that says a length, and sends only so much of its body. */
  function begin(headers: Record<string, string>, part: Buffer) {
    const [begun, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const port = Number(listener.address.split(':').at(-1));
    const options = { host: '127.0.0.1', port, path: '/ask', method: 'POST', rejectUnauthorized: false, headers };
    const request = https.request({ ...options, agent: false }, (response) => response.resume());
    request.on('error', () => {});
    request.on('close', () => {
      begun.resolve();
      ended.resolve();
    });
    request.write(part, () => begun.resolve());
    return { begun: begun.promise, ended: ended.promise, end: () => request.destroy() };
  }

  it('answers a review by the webhook of its path, under the number of the question', async () => {
    answer = async ({ name }) => ({ refusal: `not ${name}`, warnings: ['one'] });
    const { status, body } = await ask(review({ uid: '7', name: 'it' }));
    expect([status, JSON.parse(body)]).toEqual([
      200,
      {
        apiVersion: 'admission.k8s.io/v1',
        kind: 'AdmissionReview',
        response: {
          uid: '7',
          allowed: false,
          status: { code: 422, reason: 'Invalid', message: 'not it' },
          warnings: ['one'],
        },
      },
    ]);
    answer = async () => ({ patch: [{ op: 'add', path: '/a', value: 1 }] });
    expect(JSON.parse((await ask(review())).body).response).toEqual({
      uid: 'u',
      allowed: true,
      patchType: 'JSONPatch',
      patch: Buffer.from('[{"op":"add","path":"/a","value":1}]').toString('base64'),
    });
  });

  it.each<readonly [string, number, string, https.RequestOptions]>([
    ['another path', 404, review(), { path: '/other' }],
    ['another method', 405, review(), { method: 'PUT' }],
    ['another type', 415, review(), { headers: { 'content-type': 'text/plain' } }],
    ['no type', 415, review(), { headers: {} }],
    ['nothing', 400, '', {}],
    ['no JSON', 400, '{', {}],
    ['another kind', 400, '{"apiVersion":"v1","kind":"Pod"}', {}],
    ['an older version', 400, review().replace('k8s.io/v1', 'k8s.io/v1beta1'), {}],
    ['no question', 400, '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}', {}],
    ['what is too large', 413, ' '.repeat(9 * 1024 * 1024), { headers: { ...json, 'transfer-encoding': 'chunked' } }],
  ])('refuses %s, and goes on', async (_, status, body, options) => {
    answer = async () => ({});
    const refused = await ask(body, options).catch((error: unknown) => error);
    // Who is cut off while it still writes may not read why.
    if (status !== 413 || !(refused instanceof Error)) expect(refused).toMatchObject({ status });
    expect((await ask(review())).status).toBe(200);
  });

  it('does not read a body that says itself that it is too large', async () => {
    const headers = { ...json, 'content-length': String(2 ** 40), expect: '100-continue' };
    const refused = await ask('', { headers }).catch((error: unknown) => error);
    if (!(refused instanceof Error)) expect(refused).toMatchObject({ status: 413 });
    expect((await ask(review())).status).toBe(200);
  });

  it('takes objects as large as an API server does, both the new and the old', async () => {
    const object = { data: 'x'.repeat(3 * 1024 * 1024) };
    const seen: AdmissionRequest[] = [];
    answer = async (asked) => {
      seen.push(asked);
      return {};
    };
    expect((await ask(review({ object, oldObject: object }))).status).toBe(200);
    expect(seen).toMatchObject([{ object, oldObject: object }]);
  });

  it('says that a webhook failed, and answers the next', async () => {
    answer = async () => Promise.reject(new Error('broken'));
    expect(await ask(review())).toEqual({ status: 500, body: 'broken\n' });
    answer = async () => ({});
    expect((await ask(review())).status).toBe(200);
    expect(outcomes.slice(-2)).toEqual(['failed', 'allowed']);
  });

  it('has a bounded number of questions at a time, and tells others to come again', async () => {
    const gate = Promise.withResolvers<object>();
    answer = () => gate.promise;
    const agent = new https.Agent({ maxSockets: 200 });
    const asked = Array.from({ length: 136 }, () => ask(review(), { agent }));
    const busy = (): number => outcomes.filter((outcome) => outcome === 'busy').length;
    await expect.poll(busy).toBe(8);
    gate.resolve({});
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(128);
    expect(statuses.filter((status) => status === 429)).toHaveLength(8);
    agent.destroy();
  });

  it('answers others while strangers begin bodies that they never end', async () => {
    answer = async () => ({});
    const headers = { ...json, 'content-length': String(8 * 1024 * 1024) };
    const slow = Array.from({ length: 80 }, () => begin(headers, Buffer.alloc(1024 * 1024)));
    await Promise.all(slow.map(async ({ begun }) => begun));
    expect((await ask(review({ object: { data: 'x'.repeat(3 * 1024 * 1024) } }))).status).toBe(200);
    const first = await Promise.race(slow.map(async ({ ended }, at) => ended.then(() => at)));
    expect(first).toBeLessThan(slow.length / 2);
    for (const { end } of slow) end();
  });

  it('answers others while strangers hold connections on which they say nothing', async () => {
    const { hostname, port } = new URL(`https://${listener.address}`);
    const silent = Array.from({ length: 300 }, () => connect({ host: hostname, port: Number(port) }));
    for (const socket of silent) socket.on('error', () => {});
    await Promise.all(silent.map(async (socket) => once(socket, 'connect')));
    expect((await ask(review())).status).toBe(200);
    for (const socket of silent) socket.destroy();
  });

  it('survives whatever it is sent', async () => {
    answer = async () => ({});
    const reviews = fc.jsonValue().map((value) => JSON.stringify(value));
    const near = fc.record({
      request: fc.jsonValue(),
      apiVersion: fc.constant('admission.k8s.io/v1'),
      kind: fc.constant('AdmissionReview'),
    });
    const bodies = fc.oneof(
      fc.uint8Array(),
      reviews,
      near.map((value) => JSON.stringify(value)),
    );
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        expect((await ask(body)).status).toBeLessThan(500);
      }),
      { numRuns: 200 },
    );
    expect((await ask(review())).status).toBe(200);
  });
});
