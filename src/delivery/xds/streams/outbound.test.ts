import { expect, test } from 'vitest';
import { FrameCache } from '../resources/frame-cache.ts';
import type { EncodedResource, ResourceView } from '../resources/resource-source.ts';
import { clusterType, endpointType } from '../resources/resource-types.ts';
import type { Call } from '../transport/transport.ts';
import { silentObserver } from './observer.ts';
import { Outbound } from './outbound.ts';

const view: ResourceView = {
  get: (typeUrl, name): EncodedResource => ({ typeUrl, name, version: '1', body: Buffer.from(name) }),
  names: () => ['a'],
  list: (typeUrl) => [{ typeUrl, name: 'a', version: '1', body: Buffer.from('a') }],
  subscribe: () => () => {},
};

test('a client that does not read is sent nothing more until it does', () => {
  let writes = 0;
  const call: Call = {
    path: '',
    peer: { address: '127.0.0.1', port: 1 },
    write() {
      writes++;
      return false;
    },
    end() {},
    pause() {},
    resume() {},
  };
  const around = {
    frames: new FrameCache(''),
    observer: silentObserver,
    clusterWaitMs: 1000,
    mayBreak: () => true,
    now: () => 0,
  };
  const outbound = new Outbound(call, 'delta', around, () => {});
  for (const typeUrl of [clusterType, endpointType]) {
    const exchange = outbound.open(typeUrl);
    exchange.asked(exchange.subscription.amend(['a'], []), 0);
  }
  outbound.push(view);
  outbound.push(view);
  expect(writes).toBe(1);
  expect(outbound.hasWork).toBe(true);
  outbound.drained();
  outbound.push(view);
  expect(writes).toBe(2);
  expect(outbound.hasWork).toBe(false);
});
