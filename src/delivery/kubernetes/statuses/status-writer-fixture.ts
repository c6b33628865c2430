/** A writer of statuses beside an API server that does as a test says. */
import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import type { ApiChange, ApiServer } from '../../../kubernetes-api/api-server.ts';
import type { Condition, ObjectStatus } from '../../../model/object-status.ts';
import { TestClock } from '../../../model/test-clock.ts';
import type { FallenConditions } from './status-desk.ts';
import { StatusWriter } from './status-writer.ts';

const kind = { kind: 'MetaRouter', group: 'metaprotocol.aeraki.io', versions: ['v1alpha1'], plural: 'metarouters' };

export const status = (name: string, generation = 1, value: Condition['status'] = 'True'): ObjectStatus => ({
  key: `MetaRouter/shop/${name}`,
  namespace: 'shop',
  name,
  generation,
  conditions: [{ type: 'Accepted', status: value, reason: 'Some', message: 'm' }],
  fields: {},
});

export const failure = (code: number, message = '', retryAfterMs?: number): ApiFailure =>
  new ApiFailure(message, { status: code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });

/** As the API server shows an object of which it was all said before. */
export const shown = ({ namespace, name, generation, conditions }: ObjectStatus): object => ({
  metadata: {
    namespace,
    name,
    managedFields: [
      {
        manager: 'isthmus-canary-status',
        operation: 'Apply',
        fieldsV1: {
          'f:status': {
            'f:conditions': Object.fromEntries(conditions.map(({ type }) => [`k:${JSON.stringify({ type })}`, {}])),
          },
        },
      },
    ],
  },
  status: {
    observedGeneration: generation,
    conditions: conditions.map((one) => ({ ...one, observedGeneration: generation })),
  },
});

export function statusScene(items: readonly object[] = []) {
  const clock = new TestClock();
  const lists: string[] = [];
  const looks: string[] = [];
  const sent: ApiChange[] = [];
  const faults: ApiFailure[] = [];
  const fallen: FallenConditions[] = [];
  let isWriter = true;
  let isFirst: boolean | undefined = true;
  const api: ApiServer = {
    get: async (path) => {
      if (path.endsWith('/v1alpha1')) return { resources: [{ name: 'metarouters' }] };
      if (path.endsWith('/gone')) throw failure(404, 'metarouters.metaprotocol.aeraki.io "gone" not found');
      if (path.endsWith('/orders')) {
        looks.push(path);
        return { metadata: { namespace: 'shop', name: 'orders' } };
      }
      if (!path.includes('?')) return {};
      lists.push(path);
      return { metadata: { resourceVersion: '1' }, items };
    },
    send: async (change) => {
      sent.push(change);
      const fault = faults.shift();
      if (fault !== undefined) throw fault;
      return {};
    },
    stream: async function* () {},
    close: () => {},
  };
  const writer = new StatusWriter({
    api,
    clock,
    isWriter: () => isWriter,
    revision: 'canary',
    precedence: {
      get isFirst() {
        return isFirst;
      },
      onChange: () => () => {},
    },
    kinds: new Map([['MetaRouter', kind]]),
    onFallen: (one) => fallen.push(one),
    onResult: () => {},
  });
  writer.recheck();
  const quiet = async (): Promise<void> => {
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  };
  return {
    clock,
    lists,
    looks,
    sent,
    faults,
    fallen,
    writer,
    quiet,
    take: (...statuses: readonly ObjectStatus[]) => writer.take(statuses.map((after) => ({ key: after.key, after }))),
    setFirst: (is: boolean | undefined) => {
      isFirst = is;
      writer.recheck();
    },
    setWriter: (is: boolean) => {
      isWriter = is;
      writer.recheck();
    },
  };
}
