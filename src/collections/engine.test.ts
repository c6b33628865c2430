import { describe, expect, it } from 'vitest';
import { finding } from '../model/finding.ts';
import type { Diff, Table } from './collection.ts';
import { Engine } from './engine.ts';

interface Pod {
  readonly name: string;
  readonly app: string;
  readonly ready: boolean;
}

const pod = (name: string, app: string, ready = true): Pod => ({ name, app, ready });
const byName = { key: (value: { readonly name: string }) => value.name };

function liveTable<T extends { readonly name: string }>(engine: Engine, name: string): Table<T> {
  const table = engine.table<T>(name, byName);
  table.setState('live');
  return table;
}

function record<T>(engine: Engine, collection: Parameters<Engine['sink']>[0] & { get(key: string): T | undefined }) {
  const diffs: string[] = [];
  engine.sink(collection, (diff) => {
    diffs.push(diff.map(({ key, before, after }) => `${sign(before, after)}${key}`).join(' '));
  });
  return diffs;
}

const sign = (before: unknown, after: unknown) => (before === undefined ? '+' : after === undefined ? '-' : '~');

describe('a sink', () => {
  it('gets one diff a batch, sorted by key, whatever the order of the changes', () => {
    const engine = new Engine({ validate: true });
    const pods = liveTable<Pod>(engine, 'pods');
    const diffs = record(engine, pods);
    engine.batch(() => {
      pods.set(pod('b', 'x'));
      engine.batch(() => pods.set(pod('a', 'x')));
      pods.set(pod('c', 'x'));
      pods.delete('c');
    });
    pods.delete('a');
    expect(diffs).toEqual(['+a +b', '-a']);
  });

  it('hears nothing when a batch ends where it began', () => {
    const engine = new Engine();
    const pods = liveTable<Pod>(engine, 'pods');
    pods.set(pod('a', 'x'));
    const diffs = record(engine, pods);
    engine.batch(() => {
      pods.set(pod('a', 'y'));
      pods.delete('a');
      pods.set(pod('a', 'x'));
    });
    pods.set(pod('a', 'x'));
    expect(diffs).toEqual(['+a']);
  });

  it('that comes late gets what is there already, once', () => {
    const engine = new Engine();
    const pods = liveTable<Pod>(engine, 'pods');
    pods.set(pod('a', 'x'));
    const diffs = record(
      engine,
      engine.map('names', pods, (value) => value.name),
    );
    pods.set(pod('b', 'x'));
    expect(diffs).toEqual(['+a', '+b']);
  });

  it('may start a batch, which runs when all sinks have heard of the first', () => {
    const engine = new Engine();
    const pods = liveTable<Pod>(engine, 'pods');
    const seen: string[] = [];
    engine.sink(pods, (diff) => {
      seen.push(`first ${diff.map((change) => change.key).join()}`);
      if (!pods.has('b')) pods.set(pod('b', 'x'));
      expect(pods.has('b')).toBe(diff[0]?.key === 'b');
    });
    engine.sink(pods, (diff) => seen.push(`second ${diff.map((change) => change.key).join()}`));
    pods.set(pod('a', 'x'));
    expect(seen).toEqual(['first a', 'second a', 'first b', 'second b']);
  });

  it('that throws keeps no other sink from its diff, and is heard of', () => {
    const engine = new Engine();
    const pods = liveTable<Pod>(engine, 'pods');
    engine.sink(pods, () => {
      throw new Error('broken sink');
    });
    const diffs = record(engine, pods);
    expect(() => pods.set(pod('a', 'x'))).toThrow('broken sink');
    expect(diffs).toEqual(['+a']);
  });

  it('hears nothing more once it is stopped', () => {
    const engine = new Engine();
    const pods = liveTable<Pod>(engine, 'pods');
    const seen: Diff<Pod>[] = [];
    const stop = engine.sink(pods, (diff) => seen.push(diff));
    pods.set(pod('a', 'x'));
    stop();
    pods.set(pod('b', 'x'));
    expect(seen).toHaveLength(1);
  });
});

describe('a batch', () => {
  it('that throws changes nothing', () => {
    const engine = new Engine();
    const pods = liveTable<Pod>(engine, 'pods');
    pods.set(pod('a', 'x'));
    expect(() =>
      engine.batch(() => {
        pods.delete('a');
        pods.setState('stale');
        throw new Error('half way');
      }),
    ).toThrow('half way');
    expect([...pods.keys()]).toEqual(['a']);
    expect(pods.state).toBe('live');
  });

  it('inside a batch is undone alone when it throws', () => {
    const engine = new Engine();
    const pods = liveTable<Pod>(engine, 'pods');
    engine.batch(() => {
      pods.set(pod('a', 'x'));
      expect(() =>
        engine.batch(() => {
          pods.set(pod('b', 'x'));
          throw new Error('inner');
        }),
      ).toThrow('inner');
    });
    expect([...pods.keys()]).toEqual(['a']);
  });

  it('must be synchronous', () => {
    const engine = new Engine();
    const promise: unknown = Promise.resolve();
    expect(() => engine.batch(() => promise)).toThrow('synchronous');
  });

  it('that sinks answer for ever is stopped', () => {
    const engine = new Engine();
    const counts = liveTable<{ readonly name: string; readonly n: number }>(engine, 'counts');
    engine.sink(counts, ([change]) => counts.set({ name: 'a', n: (change?.after?.n ?? 0) + 1 }));
    expect(() => counts.set({ name: 'a', n: 0 })).toThrow('without end');
    counts.delete('b');
  });
});

describe('a derivation', () => {
  it('runs for exactly the keys that a change touches, once a batch', () => {
    const engine = new Engine({ validate: true });
    const pods = liveTable<Pod>(engine, 'pods');
    const apps = liveTable<{ readonly name: string }>(engine, 'apps');
    const podsOfApp = engine.index('pods by app', pods, (value) => [value.app]);
    const runs: string[] = [];
    const sizes = engine.map('sizes', apps, (app, context) => {
      runs.push(app.name);
      return context.lookup(podsOfApp, app.name).map((member) => member.name);
    });
    engine.batch(() => {
      for (const name of ['x', 'y', 'z']) apps.set({ name });
    });
    runs.length = 0;
    engine.batch(() => {
      pods.set(pod('b', 'x'));
      pods.set(pod('a', 'x'));
      pods.set(pod('c', 'none'));
    });
    expect(runs).toEqual(['x']);
    expect(sizes.get('x')).toEqual(['a', 'b']);
    runs.length = 0;
    pods.set(pod('a', 'y'));
    expect(runs.toSorted()).toEqual(['x', 'y']);
    expect(sizes.get('x')).toEqual(['b']);
  });

  it('whose output is equal stops the change there', () => {
    const engine = new Engine();
    const pods = liveTable<Pod>(engine, 'pods');
    const apps = engine.map('apps', pods, (value) => ({ app: value.app }));
    pods.set(pod('a', 'x'));
    const first = apps.get('a');
    const diffs = record(engine, apps);
    pods.set(pod('a', 'x', false));
    expect(diffs).toEqual(['+a']);
    expect(apps.get('a')).toBe(first);
  });

  it('that throws keeps the last good output, reports it, and harms no other key', () => {
    const engine = new Engine();
    const pods = liveTable<Pod>(engine, 'pods');
    const apps = engine.map('apps', pods, (value) => {
      if (value.app === 'bad') throw new Error('cannot');
      return value.app;
    });
    engine.batch(() => {
      pods.set(pod('a', 'x'));
      pods.set(pod('b', 'x'));
    });
    engine.batch(() => {
      pods.set(pod('a', 'bad'));
      pods.set(pod('b', 'y'));
    });
    expect([...apps.entries()]).toEqual([
      ['a', 'x'],
      ['b', 'y'],
    ]);
    expect([...engine.findings.values()].map((found) => [found.code, found.path])).toEqual([['ISTH0990', 'a']]);
    pods.set(pod('a', 'z'));
    expect(apps.get('a')).toBe('z');
    expect(engine.findings.size).toBe(0);
  });

  it('that threw is tried again when what it read changes', () => {
    const engine = new Engine();
    const settings = liveTable<{ readonly name: string; readonly ok: boolean }>(engine, 'settings');
    const pods = liveTable<Pod>(engine, 'pods');
    const apps = engine.map('apps', pods, (value, context) => {
      if (context.get(settings, 'mesh')?.ok !== true) throw new Error('not yet');
      return value.app;
    });
    pods.set(pod('a', 'x'));
    expect(apps.size).toBe(0);
    settings.set({ name: 'mesh', ok: true });
    expect(apps.get('a')).toBe('x');
    expect(engine.findings.size).toBe(0);
  });

  it('may not read what stands later, nor itself, nor past its Context', () => {
    const engine = new Engine();
    const pods = liveTable<Pod>(engine, 'pods');
    const later: { collection?: ReturnType<typeof engine.map<Pod, string>> } = {};
    engine.map('early', pods, (value, context) =>
      later.collection === undefined ? value.name : context.get(later.collection, value.name),
    );
    later.collection = engine.map<Pod, string>('late', pods, (value) => value.name);
    expect(() => pods.set(pod('a', 'x'))).toThrow('stands later');
    const other = new Engine();
    const apps = liveTable<Pod>(other, 'apps');
    other.map('past the context', apps, () => apps.size);
    expect(() => apps.set(pod('a', 'x'))).toThrow('without its Context');
  });

  it('may not change a table, nor use its Context when it is over', () => {
    const engine = new Engine();
    const pods = liveTable<Pod>(engine, 'pods');
    const kept: { read?: () => void } = {};
    engine.map('keeping', pods, (_, context) => {
      kept.read = () => context.get(pods, 'a');
      return 1;
    });
    pods.set(pod('a', 'x'));
    expect(() => kept.read?.()).toThrow('only while its derivation runs');
    const write = () => {
      pods.delete('a');
      return 1;
    };
    expect(() => engine.map('writing', pods, write)).toThrow('changes a table');
    expect(pods.has('a')).toBe(true);
  });

  it('has its findings counted once, and dropped when it no longer reports them', () => {
    const engine = new Engine();
    const pods = liveTable<Pod>(engine, 'pods');
    const report = (name: string) =>
      engine.map(name, pods, (value, context) => {
        const object = { kind: 'Pod', name: value.name };
        if (!value.ready) context.report(finding('ISTH0990', { object, message: 'not ready' }));
        return value.name;
      });
    report('one');
    report('two');
    pods.set(pod('a', 'x', false));
    expect([...engine.findings.keys()]).toEqual(['ISTH0990|Pod a||not ready']);
    pods.set(pod('a', 'x', true));
    expect(engine.findings.size).toBe(0);
  });
});

describe('a flatMap', () => {
  interface Claim {
    readonly name: string;
    readonly hosts: readonly string[];
  }
  const setup = () => {
    const engine = new Engine({ validate: true });
    const claims = liveTable<Claim>(engine, 'claims');
    const hosts = engine.flatMap('hosts', claims, (claim) => claim.hosts.map((host) => ({ host, by: claim.name })), {
      key: (value) => value.host,
    });
    return { engine, claims, hosts };
  };

  it('gives a contested key to the smallest input key, and back when the winner goes', () => {
    const { claims, hosts } = setup();
    claims.set({ name: 'b', hosts: ['h', 'only-b'] });
    claims.set({ name: 'c', hosts: ['h'] });
    claims.set({ name: 'a', hosts: ['h'] });
    expect(hosts.get('h')?.by).toBe('a');
    claims.delete('a');
    expect(hosts.get('h')?.by).toBe('b');
    claims.set({ name: 'b', hosts: ['only-b'] });
    expect(hosts.get('h')?.by).toBe('c');
    claims.delete('c');
    expect([...hosts.keys()]).toEqual(['only-b']);
  });

  it('says what there is to say where a key is contested, and no longer', () => {
    const engine = new Engine();
    const claims = liveTable<Claim>(engine, 'claims');
    engine.flatMap('hosts', claims, (claim) => claim.hosts.map((host) => ({ host, by: claim.name })), {
      key: (value) => value.host,
      contested: (values) =>
        values.slice(1).map((loser) =>
          finding('ISTH0990', {
            object: { kind: 'Claim', name: loser.by },
            message: `${loser.host} is ${values[0]?.by}'s`,
          }),
        ),
    });
    claims.set({ name: 'b', hosts: ['h', 'only-b'] });
    expect(engine.findings.size).toBe(0);
    claims.set({ name: 'a', hosts: ['h'] });
    expect([...engine.findings.values()].map((found) => [found.object.name, found.message])).toEqual([
      ['b', "h is a's"],
    ]);
    claims.delete('b');
    expect(engine.findings.size).toBe(0);
  });

  it('names the dependencies of an output', () => {
    const { engine, claims } = setup();
    claims.set({ name: 'b', hosts: ['h'] });
    expect(engine.dependencies('hosts', 'h')).toEqual([{ collection: 'claims', key: 'b' }]);
    expect(engine.dependencies('hosts', 'unknown')).toEqual([]);
  });
});

describe('groupBy and merge', () => {
  it('derives a group from its members in order of their keys, until the last one leaves', () => {
    const engine = new Engine({ validate: true });
    const pods = liveTable<Pod>(engine, 'pods');
    const groups = engine.groupBy(
      'groups',
      pods,
      (value) => [value.app],
      (app, members) => `${app}: ${members.map((member) => member.name).join()}`,
    );
    for (const name of ['c', 'a', 'b']) pods.set(pod(name, 'x'));
    expect(groups.get('x')).toBe('x: a,b,c');
    engine.batch(() => {
      for (const name of ['a', 'b', 'c']) pods.delete(name);
    });
    expect(groups.size).toBe(0);
  });

  it('takes the first-listed input where several have a key', () => {
    const engine = new Engine();
    const first = liveTable<Pod>(engine, 'first');
    const second = liveTable<Pod>(engine, 'second');
    second.set(pod('a', 'second'));
    const merged = engine.merge('merged', [first, second]);
    expect(merged.get('a')?.app).toBe('second');
    first.set(pod('a', 'first'));
    expect(merged.get('a')?.app).toBe('first');
    first.delete('a');
    expect(merged.get('a')?.app).toBe('second');
    second.delete('a');
    expect(merged.size).toBe(0);
  });
});

describe('an index', () => {
  it('hands out arrays that never change', () => {
    const engine = new Engine();
    const pods = liveTable<Pod>(engine, 'pods');
    const byApp = engine.index('by app', pods, (value) => [value.app]);
    pods.set(pod('b', 'x'));
    const before = byApp.lookup('x');
    pods.set(pod('a', 'x'));
    expect(before.map((value) => value.name)).toEqual(['b']);
    expect(byApp.lookup('x').map((value) => value.name)).toEqual(['a', 'b']);
    expect(byApp.lookup('unknown')).toEqual([]);
  });

  it('leaves out a value for which its key function throws, and says so', () => {
    const engine = new Engine();
    const pods = liveTable<Pod>(engine, 'pods');
    const byApp = engine.index('by app', pods, (value) => {
      if (value.app === 'bad') throw new Error('no key');
      return [value.app];
    });
    engine.batch(() => {
      pods.set(pod('a', 'bad'));
      pods.set(pod('b', 'x'));
    });
    expect(byApp.lookup('x')).toHaveLength(1);
    expect(engine.findings.size).toBe(1);
    pods.delete('a');
    expect(engine.findings.size).toBe(0);
  });
});

describe('findings', () => {
  it('can be derived from, by collections made at any time, which may not report', () => {
    const engine = new Engine();
    const pods = liveTable<Pod>(engine, 'pods');
    const byObject = engine.index('findings by object', engine.findings, (found) => [found.object.name]);
    const status = engine.map('status', engine.findings, (found) => found.message);
    engine.map('reports', pods, (value, context) => {
      context.report(finding('ISTH0990', { object: { kind: 'Pod', name: value.name }, message: 'bad' }));
      return 1;
    });
    pods.set(pod('a', 'x'));
    expect(byObject.lookup('a')).toHaveLength(1);
    expect([...status.values()]).toEqual(['bad']);
    expect(() =>
      engine.map('circular', engine.findings, (found, context) => {
        context.report(found);
        return 1;
      }),
    ).toThrow('derived from findings');
  });
});

it('values are frozen when the engine validates', () => {
  const engine = new Engine({ validate: true });
  const pods = liveTable<{ readonly name: string; readonly tags: string[] }>(engine, 'pods');
  pods.set({ name: 'a', tags: [] });
  expect(() => pods.get('a')?.tags.push('x')).toThrow(TypeError);
});

it('describes each collection: inputs, count, last run, recomputed keys, dependencies', () => {
  const times = [0, 5];
  const engine = new Engine({ now: () => times.shift() ?? 5 });
  const apps = liveTable<{ readonly name: string }>(engine, 'apps');
  const pods = liveTable<Pod>(engine, 'pods');
  engine.map('joined', pods, (value, context) => context.get(apps, value.app)?.name);
  engine.batch(() => {
    apps.set({ name: 'x' });
    pods.set(pod('a', 'x'));
  });
  expect(engine.describe().find((node) => node.name === 'joined')).toMatchObject({
    kind: 'map',
    inputs: ['pods'],
    fetches: ['apps'],
    count: 1,
    tracked: 1,
    recomputed: 1,
    recomputedKeys: ['a'],
  });
  expect(engine.describe().find((node) => node.name === 'pods')).toMatchObject({ state: 'live', heldDeletions: 0 });
  expect(engine.dependencies('joined', 'a')).toEqual([
    { collection: 'pods', key: 'a' },
    { collection: 'apps', key: 'x' },
  ]);
});

it('two collections of one name are refused', () => {
  const engine = new Engine();
  engine.table('pods', byName);
  expect(() => engine.table('pods', byName)).toThrow('two collections');
});
