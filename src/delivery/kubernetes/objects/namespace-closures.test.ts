import { describe, expect, it } from 'vitest';
import { TestClock } from '../../../model/test-clock.ts';
import { NamespaceClosures } from './namespace-closures.ts';

function closuresOf() {
  const clock = new TestClock();
  const opened: string[] = [];
  const closures = new NamespaceClosures(clock, (places) => opened.push([...places].join(' ')));
  return { clock, closures, opened };
}

describe('a namespace that takes no writes', () => {
  it('is asked by one of its objects, after pauses that grow, while all others go on', () => {
    const { clock, closures, opened } = closuresOf();
    closures.close('late/a', 'namespace-absent', 'namespaces "late" not found');
    expect([closures.detain('late/b'), closures.detain('shop/a')]).toEqual([true, false]);
    clock.advance(1_000);
    expect(opened).toEqual(['late/a late/b']);
    expect(closures.detain('late/a')).toBe(false);
    closures.close('late/a', 'namespace-absent', 'namespaces "late" not found');
    clock.advance(1_999);
    expect(opened).toHaveLength(1);
    clock.advance(1);
    expect(opened).toHaveLength(2);
    expect(closures.troubles()).toEqual([
      { namespace: 'late', cause: 'namespace-absent', message: 'namespaces "late" not found', waiting: 2 },
    ]);
  });

  it('is open when a write came through, or when it is known to be there', () => {
    const { closures, opened } = closuresOf();
    closures.close('late/a', 'no-right', 'no');
    closures.reopen('late');
    expect(opened).toEqual(['late/a']);
    closures.close('late/a', 'no-right', 'no');
    closures.open('late/a');
    expect(closures.troubles()).toEqual([]);
  });

  it('is nobody to wait for when nothing is wanted there any more', () => {
    const { clock, closures, opened } = closuresOf();
    closures.close('late/a', 'namespace-terminating', 'it ends');
    closures.forget('late/a');
    clock.advance(10_000);
    expect([closures.troubles(), opened]).toEqual([[], []]);
  });
});
