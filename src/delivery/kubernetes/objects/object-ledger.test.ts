import { describe, expect, it } from 'vitest';
import { TestClock } from '../../../model/test-clock.ts';
import { Intent } from './intent.ts';
import type { LiveObject } from './live-object.ts';
import { ObjectLedger } from './object-ledger.ts';

const brake = { objects: 2, percent: 20, holdMs: 10_000 };

function intent(name: string, text = 'a'): Intent {
  const metadata = { name, namespace: 'shop', labels: {}, annotations: {} };
  return new Intent({ apiVersion: 'v1', kind: 'ServiceEntry', metadata, spec: { text } });
}

function live(name: string, { digest }: { readonly digest: string }, more: Partial<LiveObject> = {}): LiveObject {
  return {
    place: `shop/${name}`,
    uid: `uid-${name}`,
    resourceVersion: '1',
    isTerminating: false,
    isOurs: true,
    isApplied: true,
    digest,
    otherWriter: 'kubectl',
    ...more,
  };
}

function ledgerOf(...names: readonly string[]) {
  const clock = new TestClock();
  const ledger = new ObjectLedger(brake, clock);
  for (const name of names) ledger.want(`shop/${name}`, intent(name));
  ledger.replace(names.map((name) => live(name, intent(name))));
  const steps = (mayDelete = true): readonly string[] =>
    [...ledger.places()].flatMap((place) => {
      const step = ledger.stepFor(place, mayDelete);
      return step === undefined ? [] : [`${step.do} ${place}`];
    });
  return { clock, ledger, steps };
}

describe('what is to be done', () => {
  it('is nothing where all is as it is wanted, whatever order its fields have', () => {
    const { ledger, steps } = ledgerOf('a');
    expect(steps()).toEqual([]);
    const mixed = new Intent({
      spec: { text: 'a' },
      metadata: { annotations: {}, labels: {}, namespace: 'shop', name: 'a' },
      kind: 'ServiceEntry',
      apiVersion: 'v1',
    });
    ledger.want('shop/a', mixed);
    expect(steps()).toEqual([]);
  });

  it('is nothing while an address in it is still to be told, be it there or not, and nothing of it goes', () => {
    const { ledger, steps } = ledgerOf('a');
    const awaited = (name: string) => new Intent({ ...intent(name, 'no address').object, awaitsAddress: true });
    ledger.want('shop/a', awaited('a'));
    ledger.want('shop/new', awaited('new'));
    expect(steps()).toEqual([]);
    ledger.want('shop/a', intent('a'));
    ledger.want('shop/new', intent('new'));
    expect(steps()).toEqual(['create shop/new']);
  });

  it('is to create what is not there, to update what differs, to delete what is not wanted', () => {
    const { ledger, steps } = ledgerOf('a', 'b');
    ledger.want('shop/new', intent('new'));
    ledger.want('shop/a', intent('a', 'changed'));
    ledger.want('shop/b', undefined);
    expect(steps()).toEqual(['update shop/a', 'create shop/new', 'delete shop/b']);
    expect(steps(false)).toEqual(['update shop/a', 'create shop/new']);
  });

  it('is nothing for what bears our labels and is none of our writing, or waits for a finalizer', () => {
    const { ledger, steps } = ledgerOf();
    ledger.see(live('copied', intent('x'), { isApplied: false }));
    ledger.see(live('ending', intent('x'), { isTerminating: true }));
    ledger.want('shop/ending', intent('ending'));
    expect(steps()).toEqual([]);
    expect([...ledger.strangers]).toEqual(['shop/copied']);
  });

  it('is nothing more where the server made something else of it than was sent', () => {
    const { ledger, steps } = ledgerOf();
    ledger.want('shop/a', intent('a'));
    ledger.wrote(intent('a'), live('a', { digest: 'pruned' }));
    expect(steps()).toEqual([]);
    ledger.see(live('a', { digest: 'edited' }, { resourceVersion: '2' }));
    expect(steps()).toEqual(['update shop/a']);
  });

  it('does not follow from what is older than what is known', () => {
    const { ledger, steps } = ledgerOf('a');
    ledger.want('shop/a', intent('a', 'new'));
    ledger.wrote(intent('a', 'new'), live('a', intent('a', 'new'), { resourceVersion: '10' }));
    ledger.see(live('a', intent('a'), { resourceVersion: '9' }));
    ledger.lose('shop/a', '9');
    expect(steps()).toEqual([]);
  });
});

describe('an edit of somebody else', () => {
  it('is told once it is put right, and is none where we changed our mind ourselves', () => {
    const { ledger } = ledgerOf('a', 'b');
    ledger.see(live('a', { digest: 'edited' }, { resourceVersion: '2' }));
    expect(ledger.repairs.settle('shop/a')).toEqual({ by: 'kubectl', isDeletion: false });
    expect(ledger.repairs.settle('shop/a')).toBeUndefined();
    ledger.want('shop/b', intent('b', 'changed'));
    ledger.see(live('b', { digest: 'edited' }, { resourceVersion: '2' }));
    expect(ledger.repairs.settle('shop/b')).toBeUndefined();
  });

  it('is put right at once, then later and later, and is forgotten in time', () => {
    const { clock, ledger } = ledgerOf('a');
    const waits = [1, 2, 3, 4].map((round) => {
      ledger.see(live('a', { digest: 'edited' }, { resourceVersion: `${2 * round}` }));
      const wait = ledger.repairs.waitMs('shop/a', clock.now());
      clock.advance(wait);
      ledger.wrote(intent('a'), live('a', intent('a'), { resourceVersion: `${2 * round + 1}` }));
      ledger.repairs.settle('shop/a');
      return wait;
    });
    expect(waits).toEqual([0, 2_000, 4_000, 8_000]);
    expect([...ledger.repairs.fights(clock.now()).keys()]).toEqual(['shop/a']);
    clock.advance(600_001);
    expect(ledger.repairs.fights(clock.now()).size).toBe(0);
    ledger.see(live('a', { digest: 'edited' }, { resourceVersion: '90' }));
    expect(ledger.repairs.waitMs('shop/a', clock.now())).toBe(0);
  });

  it('is none where we changed our mind twice while our own write was on its way, or its answer was lost', () => {
    const { ledger, steps } = ledgerOf('a', 'b', 'c');
    const send = (place: string): void => {
      const step = ledger.stepFor(place, true);
      if (step !== undefined) ledger.sends(place, step);
    };
    ledger.want('shop/a', intent('a', 'other'));
    ledger.want('shop/b', undefined);
    ledger.want('shop/c', intent('c', 'other'));
    for (const name of ['a', 'b', 'c']) send(`shop/${name}`);
    for (const name of ['a', 'b', 'c']) ledger.want(`shop/${name}`, intent(name));
    ledger.see(live('a', intent('a', 'other'), { resourceVersion: '2' }));
    ledger.lose('shop/b', '2');
    ledger.sentAll('shop/c', false);
    ledger.see(live('c', intent('c', 'other'), { resourceVersion: '2' }));
    for (const name of ['a', 'b', 'c']) expect(ledger.repairs.settle(`shop/${name}`)).toBeUndefined();
    expect(steps()).toEqual(['update shop/a', 'update shop/c', 'create shop/b']);
    ledger.wrote(intent('c'), live('c', intent('c'), { resourceVersion: '3' }));
    ledger.see(live('c', { digest: 'edited' }, { resourceVersion: '4' }));
    expect(ledger.repairs.settle('shop/c')).toEqual({ by: 'kubectl', isDeletion: false });
  });

  it('is nobody to blame for when the kind itself went', () => {
    const { ledger, steps } = ledgerOf('a');
    ledger.lose('shop/a', '2');
    ledger.forgetAll();
    ledger.replace([]);
    expect(steps()).toEqual(['create shop/a']);
    expect(ledger.repairs.settle('shop/a')).toBeUndefined();
  });
});

describe('deletions', () => {
  const ten = Array.from({ length: 10 }, (_, n) => `s${n}`);

  function unwant(ledger: ObjectLedger, names: readonly string[]): void {
    for (const name of names) ledger.want(`shop/${name}`, undefined);
    ledger.observe();
  }

  it('are few: carried out; are many: held until they are released', () => {
    const { ledger, steps } = ledgerOf(...ten);
    unwant(ledger, ten.slice(0, 2));
    expect(steps()).toHaveLength(2);
    unwant(ledger, ten.slice(2, 5));
    expect(steps()).toEqual([]);
    expect(ledger.release()).toHaveLength(5);
    ledger.observe();
    expect(steps()).toHaveLength(5);
  });

  it('are few where they are few in number, or a small part of all', () => {
    const three = ledgerOf('s0', 's1', 's2');
    unwant(three.ledger, ['s0', 's1']);
    expect(three.steps()).toHaveLength(2);
    const hundred = Array.from({ length: 100 }, (_, n) => `s${n}`);
    const many = ledgerOf(...hundred);
    unwant(many.ledger, hundred.slice(0, 10));
    expect(many.steps()).toHaveLength(10);
  });

  it('are many also of what was written since we came', () => {
    const { ledger, steps } = ledgerOf(...ten);
    const more = Array.from({ length: 90 }, (_, n) => `m${n}`);
    for (const name of more) {
      ledger.want(`shop/${name}`, intent(name));
      ledger.see(live(name, intent(name)));
    }
    ledger.observe();
    unwant(ledger, more.slice(0, 40));
    expect(steps()).toEqual([]);
    expect(ledger.held).toBeDefined();
  });

  it('are as many, however many objects of strangers bear our labels, or go', () => {
    const { ledger, steps } = ledgerOf(...ten);
    const copies = Array.from({ length: 400 }, (_, index) => `copy${index}`);
    for (const name of copies) ledger.see(live(name, intent(name), { isApplied: false }));
    ledger.observe();
    unwant(ledger, ten.slice(0, 5));
    expect(steps()).toEqual([]);
    for (const name of ten.slice(0, 5)) ledger.want(`shop/${name}`, intent(name));
    for (const name of copies) ledger.lose(`shop/${name}`);
    ledger.observe();
    unwant(ledger, ten.slice(0, 2));
    expect(steps()).toHaveLength(2);
  });

  it('are many all the same when they come one by one', () => {
    const { clock, ledger, steps } = ledgerOf(...ten);
    for (const name of ten.slice(0, 3)) {
      unwant(ledger, [name]);
      if (ledger.held === undefined) ledger.deleted(`shop/${name}`);
      clock.advance(1_000);
    }
    expect(steps()).toEqual([]);
    expect(ledger.owned).toBe(8);
  });

  it('stay held while a part is wanted again, and not once all is', () => {
    const { ledger, steps } = ledgerOf(...ten);
    unwant(ledger, ten.slice(0, 5));
    for (const name of ten.slice(0, 4)) ledger.want(`shop/${name}`, intent(name));
    ledger.observe();
    expect(steps()).toEqual([]);
    ledger.want('shop/s4', intent('s4'));
    ledger.observe();
    expect(ledger.held).toBeUndefined();
  });

  it('are carried out when the hold time is over', () => {
    const { clock, ledger, steps } = ledgerOf(...ten);
    unwant(ledger, ten);
    clock.advance(9_999);
    ledger.observe();
    expect(steps()).toEqual([]);
    clock.advance(1);
    ledger.observe();
    expect(steps()).toHaveLength(10);
  });

  it('are measured against what was there when we came', () => {
    const { ledger, steps } = ledgerOf();
    const other = new ObjectLedger(brake, new TestClock());
    other.replace(ten.map((name) => live(name, intent(name))));
    other.observe();
    expect(other.held).toBeDefined();
    expect(ledger.held).toBeUndefined();
    expect(steps()).toEqual([]);
  });
});
