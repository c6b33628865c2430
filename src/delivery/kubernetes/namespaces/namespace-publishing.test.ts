import { expect, it, onTestFinished, vi } from 'vitest';
import { Engine } from '../../../collections/engine.ts';
import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import { scriptedWatch } from '../../../kubernetes-api/scripted-watch-fixture.ts';
import { TestClock } from '../../../model/test-clock.ts';
import { publishInNamespaces } from './namespace-publishing.ts';

interface Named {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
}

/** `labelled` and `anybodys` are heeded; nobody else's objects are there but `theirs`. */
function scene({ theirs = [] as readonly object[], isFirst = false } = {}) {
  const engine = new Engine();
  const namespaces = engine.table<Named>('namespaces', { key: ({ metadata }) => metadata.name });
  engine.batch(() => {
    namespaces.set({ metadata: { name: 'labelled', labels: { 'isthmus.dev/rev': 'canary' } } });
    namespaces.set({ metadata: { name: 'anybodys', labels: {} } });
  });
  const clock = new TestClock();
  const sent: string[] = [];
  const events: string[] = [];
  const listeners: (() => void)[] = [];
  const precedence = { isFirst };
  const watch = scriptedWatch(theirs);
  let version = 10;
  const published = publishInNamespaces<Named>(
    {
      engine,
      namespaces,
      namespaceNamed: (name) => namespaces.get(name),
      server: {
        ...watch,
        get: () => Promise.reject(new ApiFailure('nothing is asked')),
        send: async ({ method, path, body }) => {
          const namespace = /namespaces\/([^/]+)\//.exec(path)?.[1] ?? '';
          sent.push(`${method} ${namespace}`);
          if (namespace === 'anybodys') throw new ApiFailure('exceeded quota', { status: 403, reason: 'Forbidden' });
          return there({ ...Reflect.get(Object(body), 'metadata') }, ++version);
        },
        close: () => {},
      },
      writership: { isWriter: true, onChange: () => () => {} },
      precedence: {
        get isFirst() {
          return precedence.isFirst;
        },
        onChange: (listener) => {
          listeners.push(listener);
          return () => {};
        },
      },
      revision: 'canary',
      events: { record: ({ subject, reason, note }) => events.push(`${subject.namespace} ${reason} ${note}`) },
    },
    {
      map: { name: 'isthmus-roots', key: 'roots.pem', role: 'roots' },
      isMade: true,
      contentFor: () => 'roots',
      unwritten: 'ISTH1612',
    },
    clock,
  );
  onTestFinished(() => published.close());
  const speak = (): void => {
    precedence.isFirst = true;
    for (const listener of listeners) listener();
  };
  const remedies = () => published.findings().map(({ remedy }) => remedy);
  const told = () => published.findings().map(({ code, object }) => `${code} ${object.namespace}`);
  const labels = { 'app.kubernetes.io/managed-by': 'isthmus', 'isthmus.dev/rev': 'canary' };
  const own = { name: 'isthmus-roots', namespace: 'labelled', labels };
  const say = (type: string, content: string): void =>
    watch.say({ type, object: there(own, ++version, ['isthmus-canary-roots', 'helm'], content) });
  return { clock, sent, events, speak, told, remedies, say };
}

function there(metadata: object, version: number, managers = ['isthmus-canary-roots'], content = 'roots') {
  const managedFields = managers.map((manager) => ({ manager, operation: 'Apply' }));
  return {
    metadata: { ...metadata, uid: 'u', resourceVersion: String(version), managedFields },
    data: { 'roots.pem': content },
  };
}

it('a namespace that names no control plane is left to the one that speaks for all', async () => {
  const { sent, speak, told } = scene();
  await vi.waitFor(() => expect(sent).toEqual(['POST labelled']));
  speak();
  await vi.waitFor(() => expect(told()).toEqual(['ISTH1612 anybodys']));
  expect(sent).toEqual(['POST labelled', 'POST anybodys']);
});

it('what somebody else has there is told of, and what he takes away of ours is an event', async () => {
  const foreign = there({ name: 'isthmus-roots', namespace: 'anybodys' }, 3, ['helm']);
  const { sent, events, told, say } = scene({ theirs: [foreign], isFirst: true });
  await vi.waitFor(() => expect(sent).toEqual(['POST labelled']));
  await vi.waitFor(() => expect(told()).toEqual(['ISTH1613 anybodys']));
  await vi.waitFor(() => {
    say('DELETED', 'roots');
    expect(events).toContain('labelled Repaired Somebody deleted it; it is again as it was.');
  });
});

it('who changes ours again and again is named, at the object and in a finding', async () => {
  const { clock, sent, events, told, remedies, say } = scene();
  await vi.waitFor(() => expect(sent).toEqual(['POST labelled']));
  await vi.waitFor(() => {
    clock.advance(300_000);
    say('MODIFIED', 'evil');
    expect(told()).toEqual(['ISTH1704 labelled']);
  });
  expect(remedies()).toEqual([expect.stringContaining('Stop who does it')]);
  expect(events).toContain('labelled Repaired helm changed it; it is again as it was.');
});
