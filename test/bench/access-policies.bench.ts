/**
 * One TrafficTarget changes among few and among many: what the control plane does from the changed object to the names that
 * proxies are told of, with a proxy beside each workload. The work has to be the same, and nobody else is told anything.
 * Prints JSON when run: `node test/bench/access-policies.bench.ts`.
 */
import { Engine } from '../../src/collections/engine.ts';
import type { ResourceStore } from '../../src/delivery/xds/resources/resource-store.ts';
import { shortType } from '../../src/delivery/xds/resources/resource-types.ts';
import { buildPipeline } from '../../src/main/pipeline.ts';
import { createStoreFor } from '../../src/main/xds-delivery.ts';
import { account, routeGroup, trafficTarget } from '../../src/mesh/access/access-fixture.ts';
import { meshConfig, serviceEntry } from '../../src/mesh/mesh-fixture.ts';
import { spiffeId } from '../../src/model/identity.ts';
import type { AnyResource } from '../../src/resources/kinds.ts';
import { BatchSink } from '../../src/sources/batch-sink.ts';
import { setStates } from '../../src/sources/resource-tables.ts';

export interface AccessFigures {
  readonly targets: number;
  /** Microseconds from the changed object to the last proxy told, medians. */
  readonly rulesUs: number;
  readonly sourcesUs: number;
  /** Keys that collections look at for one such change. */
  readonly keysOfRules: number;
  readonly keysOfSources: number;
  /** What the proxies of the mesh are told of one change, as `TYPE PROXY`: whose rules change, and whose sources. */
  readonly toldOfRules: readonly string[];
  readonly toldOfSources: readonly string[];
}

const namespaces = 100;
const sourcesPerTarget = 3;
/** As many among few as among many, so that what is compared is work, and not what a processor's caches hold. */
const touched = 20;
const changesInTurn = 200;
const id = (at: number): string => `ns-${at % namespaces}/account-${at}`;
const addressOf = (at: number): string => `10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}`;

/** A workload with its own account, its service, and who may call it. */
function workload(at: number, all: number): readonly AnyResource[] {
  const service = serviceEntry(id(at), {
    addresses: [`10.${100 + ((at >> 16) & 127)}.${(at >> 8) & 255}.${at & 255}`],
    ports: [{ number: 80, name: 'http-web', protocol: 'HTTP', targetPort: 8080 }],
    endpoints: [{ address: addressOf(at), serviceAccount: `account-${at}` }],
  });
  return [service, groupOf(at), targetOf(at, all)];
}

function groupOf(at: number): AnyResource {
  const read = { name: 'read', pathRegex: '/books', methods: ['GET'] };
  return routeGroup(id(at), read, { name: 'write', pathRegex: '/books', methods: ['POST'] });
}

/** `more`: whether it permits more than others: one source, or what is written. */
function targetOf(at: number, all: number, more?: 'sources' | 'rules'): AnyResource {
  const sources = Array.from({ length: sourcesPerTarget + (more === 'sources' ? 1 : 0) }, (_, next) =>
    account(id((at + next + 1) % all)),
  );
  const group = { kind: 'HTTPRouteGroup', name: `account-${at}` } as const;
  return trafficTarget(id(at), [more === 'rules' ? group : { ...group, matches: ['read'] }], { sources });
}

class Workplace {
  readonly #engine = new Engine();
  readonly #pipeline = buildPipeline(this.#engine);
  readonly targets: number;
  /** Since it was last asked. */
  #told: string[] = [];

  constructor(targets: number) {
    this.targets = targets;
    this.#engine.batch(() => setStates(this.#pipeline.sourced, 'live'));
    const objects = Array.from({ length: targets }, (_, at) => workload(at, targets)).flat();
    this.change(meshConfig('istio-system/mesh', { access: { mode: 'Enforced' } }), ...objects);
    this.#engine.batch(() => {
      this.#pipeline.proxyKinds.set('envoy');
      for (let at = 0; at < targets; at++) this.#pipeline.proxyAddresses.set(addressOf(at));
    });
    this.#listen(createStoreFor(this.#pipeline));
  }

  change(...objects: readonly AnyResource[]): void {
    this.#engine.batch(() => {
      const sink = new BatchSink(this.#pipeline.sourced);
      for (const object of objects) sink.set(object);
    });
  }

  /** Keys that the last change made collections look at. */
  recomputed(): number {
    return this.#engine.describe().reduce((sum, { recomputed }) => sum + recomputed, 0);
  }

  told(): readonly string[] {
    const told = this.#told.sort();
    this.#told = [];
    return told;
  }

  #listen(store: ResourceStore): void {
    for (let at = 0; at < this.targets; at++) {
      const [namespace = '', serviceAccount = ''] = id(at).split('/');
      const proxy = {
        id: `sidecar~${addressOf(at)}~${serviceAccount}.${namespace}~${namespace}.svc.cluster.local`,
        kind: 'envoy',
        namespace,
        workload: serviceAccount,
        addresses: [addressOf(at)],
        labels: {},
        serviceAccount,
        identity: spiffeId({ trustDomain: 'cluster.local', namespace, serviceAccount }),
        extensions: [],
      } as const;
      store.view(proxy).subscribe((typeUrl, names) => {
        for (const _ of names) this.#told.push(`${shortType(typeUrl)} ${serviceAccount}`);
      });
    }
  }
}

type Change = 'rules' | 'sources';

/** Changes in turn in all the meshes, so that whatever else the machine does hinders all alike. Medians, in microseconds. */
function medians(places: readonly Workplace[], more: Change, changes: number): readonly number[] {
  const times = places.map((): number[] => []);
  for (let turn = 0; turn < changes; turn += changesInTurn)
    for (const [at, place] of places.entries())
      for (let change = 0; change < Math.min(changes, changesInTurn); change++)
        times[at]?.push(timeOf(place, more, change));
  return times.map((all) => Math.round(1000 * (all.sort((a, b) => a - b)[all.length >> 1] ?? 0)));
}

/** Milliseconds of one change, there and back again. */
function timeOf(place: Workplace, more: Change, turn: number): number {
  const which = Math.floor(((turn % touched) * place.targets) / touched);
  const [there, back] = [targetOf(which, place.targets, more), targetOf(which, place.targets)];
  const before = performance.now();
  place.change(there);
  place.change(back);
  const time = (performance.now() - before) / 2;
  place.told();
  return time;
}

function effectOf(place: Workplace, more: Change): { readonly keys: number; readonly told: readonly string[] } {
  const at = place.targets >> 1;
  place.change(targetOf(at, place.targets, more));
  const effect = { keys: place.recomputed(), told: place.told() };
  place.change(targetOf(at, place.targets));
  place.told();
  return effect;
}

/** Ratios of a change's cost among as many targets to its cost among the fewest. */
export function benchAccessPolicies(few: number, more: readonly number[], changes: number) {
  const places = [few, ...more].map((targets) => new Workplace(targets));
  const effects = places.map((place) => ({ rules: effectOf(place, 'rules'), sources: effectOf(place, 'sources') }));
  medians(places, 'sources', changesInTurn);
  const [rules, sources] = [medians(places, 'rules', changes), medians(places, 'sources', changes)];
  const figures = places.map(
    ({ targets }, at): AccessFigures => ({
      targets,
      rulesUs: rules[at] ?? 0,
      sourcesUs: sources[at] ?? 0,
      keysOfRules: effects[at]?.rules.keys ?? 0,
      keysOfSources: effects[at]?.sources.keys ?? 0,
      toldOfRules: effects[at]?.rules.told ?? [],
      toldOfSources: effects[at]?.sources.told ?? [],
    }),
  );
  const ratio = (a: number, b: number | undefined): number => Number((a / (b ?? 0)).toFixed(2));
  const [least, ...rest] = figures;
  return {
    name: 'access-policies',
    figures,
    ratios: rest.map(({ targets, rulesUs, sourcesUs }) => ({
      targets,
      rules: ratio(rulesUs, least?.rulesUs),
      sources: ratio(sourcesUs, least?.sourcesUs),
    })),
  };
}

if (import.meta.main) console.log(JSON.stringify(benchAccessPolicies(100, [5000, 10_000], 3000), undefined, 2));
