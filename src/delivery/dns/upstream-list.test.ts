import { expect, it } from 'vitest';
import { UpstreamList } from './upstream-list.ts';

const at = (host: string, port = 53) => ({ host, port });

it('the servers of resolv.conf are asked, but never we ourselves', async () => {
  const list = new UpstreamList(undefined, async () => [at('127.0.0.1'), at('10.0.0.2')]);
  await list.exclude(at('127.0.0.1'));
  expect(list.current).toEqual([at('10.0.0.2')]);
  const any = new UpstreamList([at('127.0.0.53'), at('::1'), at('10.0.0.2'), at('127.0.0.1', 5353)]);
  await any.exclude(at('0.0.0.0'));
  expect(any.current).toEqual([at('10.0.0.2'), at('127.0.0.1', 5353)]);
});

it('resolv.conf is read again when nobody answers, and not over and over', async () => {
  let read = 0;
  const list = new UpstreamList(undefined, async () => [at(`10.0.0.${++read}`)]);
  await list.exclude(at('127.0.0.1'));
  list.refresh();
  list.refresh();
  await expect.poll(() => list.current).toEqual([at('10.0.0.2')]);
  expect(read).toBe(2);
});

it('servers that were given stay', async () => {
  const list = new UpstreamList([at('10.0.0.9')], async () => [at('10.0.0.1')]);
  await list.exclude(at('127.0.0.1'));
  list.refresh();
  expect(list.current).toEqual([at('10.0.0.9')]);
});
