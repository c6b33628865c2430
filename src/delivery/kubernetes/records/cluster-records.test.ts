import { setImmediate } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import type { ApiChange, ApiServer } from '../../../kubernetes-api/api-server.ts';
import { fieldOf, textOf } from '../../../kubernetes-api/plain-fields.ts';
import { TestClock } from '../../../model/test-clock.ts';
import { word, wordFormat } from '../../files/journal-fixture.ts';
import { ClusterRecords } from './cluster-records.ts';

/** A server that takes everything, and what was written to it. */
async function scene() {
  const clock = new TestClock();
  const written: string[] = [];
  const says = { isAway: false, isWriter: true };
  const listeners: ((isWriter: boolean) => void)[] = [];
  const server: ApiServer = {
    get: async () => ({ metadata: { resourceVersion: '1' }, items: [] }),
    send: async (change: ApiChange) => {
      if (says.isAway) throw new ApiFailure('connect ECONNREFUSED');
      const bytes = Buffer.from(textOf(fieldOf(change.body, 'binaryData'), 'records') ?? '', 'base64');
      written.push(gunzipSync(bytes).toString());
      return { metadata: { resourceVersion: String(written.length + 1) } };
    },
    stream: async function* () {},
    close: () => {},
  };
  const records = await ClusterRecords.open({
    server,
    namespace: 'isthmus-system',
    name: 'words',
    format: wordFormat,
    writership: {
      get isWriter() {
        return says.isWriter;
      },
      onChange: (listener) => {
        listeners.push(listener);
        return () => {};
      },
    },
    signal: new AbortController().signal,
    clock,
  });
  const tell = (isWriter: boolean): void => {
    says.isWriter = isWriter;
    for (const listener of listeners) listener(isWriter);
  };
  return { clock, written, records, says, tell };
}

it('writes at once what is noted after a silence, and gathers what follows, so that a crash leaves it known', async () => {
  const { clock, written, records } = await scene();
  records.note([word('a')]);
  clock.advance(0);
  await expect.poll(() => written).toEqual(['{"key":"a"}\n']);
  for (const name of ['b', 'c', 'd']) {
    records.note([{ key: 'a', record: undefined }]);
    clock.advance(10);
    await setImmediate();
    records.note([word('a'), word(name), { key: name, record: undefined }]);
    clock.advance(10);
    await setImmediate();
  }
  records.note([{ key: 'a', record: undefined }]);
  clock.advance(4_000);
  await expect.poll(() => written).toEqual(['{"key":"a"}\n', '']);
  records.note([word('a')]);
  clock.advance(0);
  await expect.poll(() => written).toEqual(['{"key":"a"}\n', '', '{"key":"a"}\n']);
});

it('says what it cannot write for as long as it is to write it, and no longer', async () => {
  const { clock, records, says, tell } = await scene();
  const codes = () => records.findings().map(({ code }) => code);
  says.isAway = true;
  records.note([word('a')]);
  clock.advance(0);
  await expect.poll(codes).toEqual(['ISTH1519']);
  tell(false);
  expect(codes()).toEqual([]);
  clock.advance(60_000);
  await setImmediate();
  expect(codes()).toEqual([]);
  tell(true);
  clock.advance(60_000);
  await expect.poll(codes).toEqual(['ISTH1519']);
  says.isAway = false;
  clock.advance(60_000);
  await expect.poll(codes).toEqual([]);
});
