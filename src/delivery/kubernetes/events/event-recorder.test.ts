import { expect, it, vi } from 'vitest';
import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import type { ApiChange, ApiServer } from '../../../kubernetes-api/api-server.ts';
import { TestClock } from '../../../model/test-clock.ts';
import { type EventNotice, EventRecorder } from './event-recorder.ts';

const notice = (attempt = '1', name = 'orders', namespace = 'shop'): EventNotice => ({
  subject: {
    apiVersion: 'metaprotocol.aeraki.io/v1alpha1',
    kind: 'MetaRouter',
    namespace,
    name,
    uid: 'u1',
    plural: 'metarouters',
  },
  type: 'Warning',
  reason: 'Invalid',
  action: 'Reconcile',
  note: 'ISTH0104: a field is missing.',
  attempt,
});

/** A server that holds events; `fault` is what it says next instead, `there` what it has of whatever it is asked for. */
function scene(there: object | ApiFailure = { series: { count: 4 } }) {
  const clock = new TestClock();
  const held = new Map<string, unknown>();
  const sent: ApiChange[] = [];
  let fault: ApiFailure | undefined;
  const nameIn = (body: unknown) => JSON.stringify(body).match(/"name":"([^"]+)"/)?.[1] ?? '';
  const api: Pick<ApiServer, 'get' | 'send'> = {
    get: async () => {
      if (there instanceof ApiFailure) throw there;
      return there;
    },
    send: async (change) => {
      sent.push(change);
      if (fault !== undefined) throw fault;
      const name = nameIn(change.body);
      if (change.method === 'POST' && held.has(name)) throw new ApiFailure('there is one', { status: 409 });
      held.set(name, change.body);
      return {};
    },
  };
  const whole: ApiServer = { ...api, stream: async function* () {}, close: () => {} };
  let isWriter = true;
  const open = () => new EventRecorder({ api: whole, clock, isWriter: () => isWriter, instance: 'test' });
  /** Until nothing is under way. */
  const quiet = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  };
  return {
    clock,
    sent,
    open,
    quiet,
    fail: (failure: ApiFailure | undefined) => {
      fault = failure;
    },
    stop: () => {
      isWriter = false;
    },
  };
}

it('tells an attempt once, and counts what happens again', async () => {
  const { clock, sent, open, quiet } = scene();
  const events = open();
  events.record(notice());
  await quiet();
  for (let time = 0; time < 5; time++) events.record(notice());
  await quiet();
  expect(sent.map(({ method }) => method)).toEqual(['POST']);
  clock.advance(10_000);
  await quiet();
  expect(sent.map(({ method }) => method)).toEqual(['POST', 'PATCH']);
  expect(sent[1]?.body).toMatchObject({ series: { count: 6 } });
});

it('tells the next attempt by an event of its own', async () => {
  const { sent, open, quiet } = scene();
  const events = open();
  events.record(notice('1'));
  events.record(notice('2'));
  await quiet();
  expect(sent.map(({ method }) => method)).toEqual(['POST', 'POST']);
});

it('counts on where one that wrote before told the same', async () => {
  const { sent, open, quiet } = scene();
  open().record(notice());
  await quiet();
  open().record(notice());
  await quiet();
  await quiet();
  expect(sent.map(({ method }) => method)).toEqual(['POST', 'POST', 'PATCH']);
  expect(sent[2]?.body).toMatchObject({ series: { count: 5 } });
});

it('says whom it is about and who says it, in what an event can hold', async () => {
  const { sent, open, quiet } = scene();
  open().record({ ...notice(), note: 'ü'.repeat(2000) });
  await quiet();
  expect(sent[0]?.path).toBe('/apis/events.k8s.io/v1/namespaces/shop/events');
  expect(sent[0]?.body).toMatchObject({
    type: 'Warning',
    reason: 'Invalid',
    action: 'Reconcile',
    reportingController: 'isthmus.dev/isthmus',
    reportingInstance: 'test',
    regarding: { kind: 'MetaRouter', namespace: 'shop', name: 'orders', uid: 'u1' },
  });
  const { note } = JSON.parse(JSON.stringify(sent[0]?.body));
  expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1024);
  expect(note).not.toContain('\uFFFD');
});

it('leaves a short note as it is', async () => {
  const { sent, open, quiet } = scene();
  open().record(notice());
  await quiet();
  expect(sent[0]?.body).toMatchObject({ note: 'ISTH0104: a field is missing.' });
});

it.each([
  ['asks for the uid of whom it is about where nobody knows it', { metadata: { uid: 'u7' } }, 'u7'],
  ['says none of one that is gone', new ApiFailure('not found', { status: 404 }), undefined],
])('%s', async (_, there, uid) => {
  const { sent, open, quiet } = scene(there);
  const { subject, ...rest } = notice();
  open().record({ ...rest, subject: { ...subject, uid: '' } });
  await quiet();
  expect(sent).toHaveLength(1);
  expect(Reflect.get(sent[0]?.body ?? {}, 'regarding').uid).toBe(uid);
});

it('is silent while another replica writes', async () => {
  const { sent, open, quiet, stop } = scene();
  stop();
  open().record(notice());
  await quiet();
  expect(sent).toEqual([]);
});

it('names the right that it lacks, and does not ask for it again and again', async () => {
  const { sent, open, quiet, fail } = scene();
  const events = open();
  fail(new ApiFailure('User "isthmus" cannot create resource "events"', { status: 403 }));
  for (const name of ['a', 'b', 'c']) {
    events.record(notice('1', name));
    await quiet();
  }
  expect(sent).toHaveLength(1);
  expect(events.findings()).toMatchObject([{ code: 'ISTH1543', message: expect.stringContaining('create resource') }]);
});

it('tells of a namespace in its turn, however much of another one is to be told', async () => {
  const { clock, sent, open, quiet } = scene();
  const events = open();
  for (let at = 0; at < 900; at++) events.record(notice('1', `o${at}`, 'crowd'));
  await vi.waitFor(() => expect(sent).toHaveLength(50));
  events.record(notice());
  for (let tick = 0; tick < 2; tick++) {
    clock.advance(200);
    await quiet();
  }
  expect(sent.slice(50).map(({ path }) => path)).toContain('/apis/events.k8s.io/v1/namespaces/shop/events');
});

it('forgets nothing of a namespace for another one that has more to tell, and keeps nothing waiting that is forgotten', async () => {
  const { clock, sent, open, quiet, fail } = scene();
  const events = open();
  fail(new ApiFailure('connection refused'));
  events.record(notice());
  for (let at = 0; at < 3_000; at++) events.record(notice('1', `o${at}`, 'crowd'));
  await quiet();
  fail(undefined);
  sent.splice(0);
  for (let tick = 0; tick < 1_000; tick++) {
    clock.advance(250);
    await quiet();
  }
  const told = sent.map(({ body }) => Reflect.get(body ?? {}, 'regarding'));
  expect(told.slice(0, 3)).toContainEqual(expect.objectContaining({ namespace: 'shop', name: 'orders' }));
  expect(told.filter(({ namespace }) => namespace === 'crowd')).toHaveLength(999);
  expect(told.at(-1)).toMatchObject({ name: 'o2999' });
});

it('tells nothing that is long over once the server is back', async () => {
  const { clock, sent, open, quiet, fail } = scene();
  const events = open();
  fail(new ApiFailure('connection refused'));
  events.record(notice());
  await quiet();
  clock.advance(700_000);
  await quiet();
  const tried = sent.length;
  fail(undefined);
  clock.advance(700_000);
  await quiet();
  expect(sent).toHaveLength(tried);
});
