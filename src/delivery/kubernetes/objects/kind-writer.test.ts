import { expect, it, vi } from 'vitest';
import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import type { ApiServer } from '../../../kubernetes-api/api-server.ts';
import { scriptedWatch } from '../../../kubernetes-api/scripted-watch-fixture.ts';
import { TestClock } from '../../../model/test-clock.ts';
import { defaultBrakeLimits } from './deletion-brake.ts';
import { KindWriter } from './kind-writer.ts';
import { placeOf, type WantedObject } from './wanted-object.ts';

const filter: WantedObject = {
  apiVersion: 'networking.istio.io/v1alpha3',
  kind: 'EnvoyFilter',
  metadata: { namespace: 'shop', name: 'orders', labels: {}, annotations: {} },
  spec: {},
};
const kind = {
  kind: 'EnvoyFilter',
  group: 'networking.istio.io',
  versions: ['v1alpha3'],
  plural: 'envoyfilters',
  isBuiltIn: false,
};
const discovered = {
  versions: [{ groupVersion: 'networking.istio.io/v1alpha3', version: 'v1alpha3' }],
  resources: [{ name: kind.plural, kind: kind.kind }],
};

it.each([
  ['asks to be left alone', 429, 7_000, 'again', [7_000]],
  ['cannot be reached', undefined, undefined, 'again', [undefined]],
  ['does not let us look', 403, undefined, 'retry', []],
])('a server that %s when a place that is taken is looked at', async (_, status, retryAfterMs, result, halts) => {
  const halted: (number | undefined)[] = [];
  const server: ApiServer = {
    stream: scriptedWatch([]).stream,
    get: async (path) => {
      if (!path.includes('/namespaces/')) return discovered;
      throw new ApiFailure('no', {
        ...(status === undefined ? {} : { status }),
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      });
    },
    send: async () => {
      throw new ApiFailure('there is one already', { status: 409 });
    },
    close: () => {},
  };
  const writer = new KindWriter({
    api: server,
    kind,
    revision: 'default',
    brake: defaultBrakeLimits,
    clock: new TestClock(),
    enqueue: () => {},
    halt: (ms) => halted.push(ms),
    isComplete: () => true,
    onRepaired: () => {},
    onResult: () => {},
  });
  const place = placeOf(filter.metadata);
  writer.take([{ place, wanted: filter }]);
  const signal = new AbortController().signal;
  const write = await vi.waitUntil(() => writer.prepare(place, signal));
  expect([await write(), halted]).toEqual([result, halts]);
  await writer.close();
});
