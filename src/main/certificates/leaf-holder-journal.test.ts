import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { NodeStateFolder } from '../../delivery/files/state-folder.ts';
import { TestClock } from '../../model/test-clock.ts';
import { LeafHolders } from '../../security/leaf-holders.ts';
import { openLeafHolderJournal } from './leaf-holder-journal.ts';

const hour = 3_600_000;
const [cart, till] = ['spiffe://mesh.example/ns/shop/sa/cart', 'spiffe://mesh.example/ns/shop/sa/till'];

it('who has a certificate, and which roots they trust, is known after a restart until the certificate has ended', async () => {
  const path = await mkdtemp(join(tmpdir(), 'isthmus-holders-'));
  onTestFinished(() => rm(path, { recursive: true }));
  const clock = new TestClock(hour);
  const start = async () => {
    const journal = await openLeafHolderJournal(new NodeStateFolder(path));
    return { journal, holders: new LeafHolders(journal, clock) };
  };
  const first = await start();
  first.holders.given(cart, 3 * hour);
  first.holders.given(till, 9 * hour, ['old']);
  first.holders.trusting(cart, ['new', 'old']);
  await first.journal.close();

  const second = await start();
  const namesOf = (...roots: readonly string[]) => second.holders.lacking(roots).map(({ key }) => key);
  expect([namesOf('old'), namesOf('old', 'new'), namesOf('other')]).toEqual([[], [till], [cart, till]]);
  // A renewal says nothing of roots.
  second.holders.given(cart, 4 * hour);
  expect(namesOf('old', 'new')).toEqual([till]);
  clock.advance(7 * hour);
  expect(namesOf('other')).toEqual([till]);
  await second.journal.close();

  const third = await start();
  expect([...third.journal.records.keys()]).toEqual([till]);
});

it('a root that is trusted no more is not taken for known when it comes back', () => {
  const holders = new LeafHolders({ records: new Map(), note: () => {} }, new TestClock(0));
  holders.given(cart, hour, ['old', 'new']);
  holders.trusting(cart, ['old']);
  expect(holders.lacking(['old', 'new'])).toHaveLength(1);
});
