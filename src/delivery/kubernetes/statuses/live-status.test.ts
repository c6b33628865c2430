import { expect, it } from 'vitest';
import { type Condition, type ObjectStatus, withoutProxies } from '../../../model/object-status.ts';
import { changeOf, liveStatusOf, noStatus } from './live-status.ts';

const now = Date.UTC(2026, 10, 21, 12, 0, 0);
const before = '2026-11-21T10:00:00Z';

const wanted = (status: 'True' | 'False' | 'Unknown', generation = 2): ObjectStatus => ({
  key: 'MetaRouter/shop/orders',
  namespace: 'shop',
  name: 'orders',
  generation,
  conditions: [{ type: 'Accepted', status, reason: 'Some', message: 'm' }],
  fields: {},
});

const accepted = ({ conditions }: ObjectStatus): Condition => conditions[0] ?? raise();

function raise(): never {
  throw new Error('a status without a condition');
}

const manager = 'isthmus-status';

const owning = (type: string, by = manager): object => ({
  manager: by,
  operation: 'Apply',
  subresource: 'status',
  fieldsV1: { 'f:status': { 'f:conditions': { [`k:{"type":"${type}"}`]: { 'f:status': {} } } } },
});

function live(status: string, observedGeneration = 2, reason = 'Some') {
  const condition = { type: 'Accepted', status, reason, message: 'm', lastTransitionTime: before, observedGeneration };
  const other = { type: 'Audited', status: 'True', reason: 'Theirs', message: '', lastTransitionTime: before };
  const found = liveStatusOf(
    {
      metadata: { namespace: 'shop', name: 'orders', uid: 'u', managedFields: [owning('Accepted')] },
      status: { observedGeneration, conditions: [condition, other], anything: { else: 1 } },
    },
    manager,
  );
  return found?.status ?? noStatus;
}

it('says nothing weaker of what proxies have taken since none is connected now', () => {
  const without = wanted('True');
  const told = (generation: number) =>
    changeOf(
      { ...without, generation, conditions: [{ ...accepted(without), reason: withoutProxies }] },
      live('True'),
      now,
    );
  expect(told(2)).toBeUndefined();
  expect(told(3)).toBeDefined();
});

it('asks for nothing where the object says it already, whatever others say there', () => {
  expect(changeOf(wanted('True'), live('True'), now)).toBeUndefined();
});

it('gives a condition the time at which its status changed, and no other', () => {
  expect(changeOf(wanted('False'), live('True'), now)?.status).toMatchObject({
    conditions: [{ lastTransitionTime: '2026-11-21T12:00:00Z' }],
  });
  expect(changeOf(wanted('True', 3), live('True'), now)?.status).toMatchObject({
    observedGeneration: 3,
    conditions: [{ lastTransitionTime: before, observedGeneration: 3 }],
  });
});

it('says once more what only another control plane has said, which may withdraw it', () => {
  const condition = { type: 'Accepted', status: 'True', reason: 'Some', message: 'm', observedGeneration: 2 };
  const object = (managedFields: readonly object[]) => ({
    metadata: { name: 'orders', namespace: 'shop', managedFields },
    status: { observedGeneration: 2, conditions: [{ ...condition, lastTransitionTime: before }] },
  });
  const change = (...managedFields: readonly object[]) =>
    changeOf(wanted('True'), liveStatusOf(object(managedFields), manager)?.status ?? noStatus, now);
  expect(change(owning('Accepted', 'isthmus-canary-status'))?.status).toMatchObject({
    conditions: [{ lastTransitionTime: before }],
  });
  expect(change(owning('Accepted', 'isthmus-canary-status'), owning('Accepted'))).toBeUndefined();
});

it('says its conditions beside those of the control plane that speaks for the object, and nothing else', () => {
  const change = changeOf({ ...wanted('False'), fields: { share: 3 } }, live('True'), now, 'canary.isthmus.dev/');
  expect(change?.status).toEqual({
    conditions: [expect.objectContaining({ type: 'canary.isthmus.dev/Accepted', status: 'False' })],
  });
});

it('says nothing of the conditions of others', () => {
  const { conditions } = JSON.parse(JSON.stringify(changeOf(wanted('False'), live('True'), now)?.status));
  expect(conditions).toHaveLength(1);
});

it('does not forget what was known of this generation since it has to be found out anew', () => {
  expect(changeOf(wanted('Unknown'), live('True'), now)).toBeUndefined();
  expect(changeOf(wanted('Unknown', 3), live('True'), now)?.status).toMatchObject({
    conditions: [{ status: 'Unknown' }],
  });
});

it('says why something is still not known, once more is known of that', () => {
  const waiting = wanted('Unknown');
  const named = { ...waiting, conditions: [{ ...accepted(waiting), message: 'a has yet to answer' }] };
  expect(changeOf(named, live('Unknown'), now)?.status).toMatchObject({
    conditions: [{ status: 'Unknown', message: 'a has yet to answer', lastTransitionTime: before }],
  });
  expect(changeOf(waiting, live('Unknown'), now)).toBeUndefined();
});

it('tells what fell: once a generation and reason', () => {
  const fallen = (from: ReturnType<typeof live>, generation = 2) =>
    changeOf(wanted('False', generation), from, now)?.fallen.map(({ type }) => type);
  expect(fallen(noStatus)).toEqual(['Accepted']);
  expect(fallen(live('True'))).toEqual(['Accepted']);
  expect(fallen(live('False', 1))).toEqual(['Accepted']);
  expect(fallen(live('False', 2, 'Other'))).toEqual(['Accepted']);
  expect(changeOf({ ...wanted('False'), fields: { share: 3 } }, live('False'), now)?.fallen).toEqual([]);
});

it('writes times as an API server reads them', () => {
  const status = changeOf({ ...wanted('True'), times: { lastComplete: now } }, live('True'), now)?.status;
  expect(status).toMatchObject({ lastComplete: '2026-11-21T12:00:00Z' });
});

it('reads whatever stands there, and takes no harm', () => {
  for (const status of [undefined, null, 3, [], { conditions: 'none' }, { conditions: [null, { type: 1 }] }])
    expect(liveStatusOf({ metadata: { name: 'a' }, status }, manager)?.status.conditions.size).toBe(0);
  for (const object of [undefined, null, 1, {}, { metadata: {} }])
    expect(liveStatusOf(object, manager)).toBeUndefined();
});
