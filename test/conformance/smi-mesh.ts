/** A mesh with stock Envoys beside its workloads, in this process: what they are told, when, and what they let through. */

import { createExpressions } from '../../src/cli/commands/policy-expressions.ts';
import { Engine } from '../../src/collections/engine.ts';
import type { ResourceStore } from '../../src/delivery/xds/resources/resource-store.ts';
import { shortType, standardTypes } from '../../src/delivery/xds/resources/resource-types.ts';
import { buildPipeline } from '../../src/main/pipeline.ts';
import { resourceAsJson } from '../../src/main/views/admin-views.ts';
import { createStoreFor } from '../../src/main/xds-delivery.ts';
import { account } from '../../src/mesh/access/access-fixture.ts';
import { meshConfig, serviceEntry } from '../../src/mesh/mesh-fixture.ts';
import { allowed } from '../../src/model/access-decision.ts';
import { spiffeId } from '../../src/model/identity.ts';
import type { ProxyNode } from '../../src/model/proxy.ts';
import type { AnyResource, ServiceEntry } from '../../src/resources/kinds.ts';
import { BatchSink } from '../../src/sources/batch-sink.ts';
import { setStates } from '../../src/sources/resource-tables.ts';

const kind = 'envoy';
const matches = createExpressions();

/** The SPIFFE id of an account of the namespace shop. */
export const shop = (serviceAccount: string): string =>
  spiffeId({ trustDomain: 'cluster.local', namespace: 'shop', serviceAccount });

/** Of the namespace shop, for its own account at one address, with HTTP on port 8080 of the workload. */
export function workload(name: string, address: string, spec: Partial<ServiceEntry['spec']> = {}): ServiceEntry {
  return serviceEntry(`shop/${name}`, {
    hosts: [`${name}.mesh`],
    addresses: [`10.128.0.${address.slice(address.lastIndexOf('.') + 1)}`],
    ports: [{ number: 80, name: 'http-web', protocol: 'HTTP', targetPort: 8080 }],
    endpoints: [{ address, serviceAccount: name }],
    ...spec,
  });
}

/** For the account store, from these accounts of the namespace. */
export const forStore = (...sources: readonly string[]) => ({
  destination: account('shop/store'),
  sources: sources.map((source) => account(`shop/${source}`)),
});

export class SmiMesh {
  readonly engine = new Engine();
  readonly #pipeline = buildPipeline(this.engine, { everyAddress: true });
  readonly #store: ResourceStore;
  #told: string[] = [];

  constructor(...objects: readonly AnyResource[]) {
    this.engine.batch(() => {
      setStates(this.#pipeline.sourced, 'live');
      this.#pipeline.proxyKinds.set(kind);
    });
    this.change(meshConfig('isthmus-system/mesh', { access: { mode: 'Enforced' } }), ...objects);
    this.#store = createStoreFor(this.#pipeline);
  }

  /** Throws where a derivation of ours does: nothing that a user writes may bring that about. */
  change(...objects: readonly AnyResource[]): void {
    this.engine.batch(() => {
      const sink = new BatchSink(this.#pipeline.sourced);
      for (const object of objects) sink.set(object);
    });
    for (const { name, lastFailure } of this.engine.describe())
      if (lastFailure !== undefined) throw new Error(`${name}: ${lastFailure}`);
  }

  /** From now on what the proxy of this account at this address is told is noted. */
  listen(name: string, address: string): void {
    this.#store.view(proxyOf(name, address)).subscribe((typeUrl, names) => {
      for (const one of names) this.#told.push(`${name} ${shortType(typeUrl)} ${one}`);
    });
  }

  /** `account TYPE name`, since it was last asked, sorted. */
  told(): readonly string[] {
    const told = this.#told.toSorted();
    this.#told = [];
    return told;
  }

  /** All that the proxy should have, by `TYPE name`, as JSON. */
  has(name: string, address: string): Readonly<Record<string, unknown>> {
    const view = this.#store.view(proxyOf(name, address));
    return Object.fromEntries(
      standardTypes.flatMap((type) =>
        view.list(type).map((one) => [`${shortType(type)} ${one.name}`, resourceAsJson(type, one.body)]),
      ),
    );
  }

  /** Whether it gets through to the account store: on a TCP connection, or as a GET of a path. */
  lets(source: string | undefined, port: number, path?: string): boolean {
    const policy = this.#pipeline.mesh.accessPolicies.get(shop('store'));
    const request = path === undefined ? {} : { request: { method: 'GET', path, headers: [] } };
    return allowed(policy, { source, port, ...request }, matches).allowed;
  }

  /** Keys that the last change made collections look at. */
  recomputed(): number {
    return this.engine.describe().reduce((sum, { recomputed }) => sum + recomputed, 0);
  }

  /** The number of the last batch that made any collection run. */
  latestBatch(): number {
    return Math.max(...this.engine.describe().map(({ lastRunBatch }) => lastRunBatch));
  }

  /** `code Kind namespace/name`, sorted. */
  findings(): readonly string[] {
    const all = [...this.engine.findings.values()];
    return all.map(({ code, object }) => `${code} ${object.kind} ${object.namespace}/${object.name}`).toSorted();
  }
}

function proxyOf(serviceAccount: string, address: string): ProxyNode {
  return {
    id: `sidecar~${address}~${serviceAccount}.shop~shop.svc.cluster.local`,
    kind,
    namespace: 'shop',
    workload: serviceAccount,
    addresses: [address],
    labels: {},
    serviceAccount,
    identity: shop(serviceAccount),
    extensions: [],
  };
}
