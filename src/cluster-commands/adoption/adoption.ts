/**
 * `isthmus adopt`: takes over what Aeraki and the bridges beside it left in a cluster. Reads everything, says what it would
 * do, and does it only when asked to, one object at a time, each in one request that is refused when the object is no more
 * as it was read. What was done is done: a second run goes on where the first one ended.
 */

import type { AdoptionWish } from '../../cli/actions.ts';
import { fieldManager } from '../../delivery/kubernetes/objects/live-object.ts';
import { writtenKinds } from '../../delivery/kubernetes/objects/written-kinds.ts';
import {
  addressLeaseObject,
  addressLeases,
  readAddressLease,
} from '../../delivery/kubernetes/records/address-lease.ts';
import { ApiFailure } from '../../kubernetes-api/api-failure.ts';
import { type ApiCollection, collectionPath, findCollection, objectPath } from '../../kubernetes-api/api-paths.ts';
import type { ApiServer } from '../../kubernetes-api/api-server.ts';
import { configMaps, validatingWebhooks } from '../../kubernetes-api/built-in-collections.ts';
import { readPages } from '../../kubernetes-api/collection-reading.ts';
import { fieldOf, textOf } from '../../kubernetes-api/plain-fields.ts';
import { type AdoptionStep, adoptableKinds } from '../../model/adoption.ts';
import { formatObject, type ObjectRef } from '../../model/finding.ts';
import { defaultIstioSettings } from '../../model/istio-settings.ts';
import { adoptedLabel, ownLabels } from '../../model/ownership.ts';
import type { VirtualIpLease } from '../../model/virtual-ip.ts';
import { aerakiBootstrap, ownBootstrap } from '../../translate/istio/bootstrap-override.ts';
import { meshConfigs } from '../manifest-kinds.ts';
import { withCluster } from '../with-cluster.ts';
import { type PlannedStep, planAdoption, planHandover } from './adoption-plan.ts';
import { aerakiWebhook, relaxing, webhookStep } from './aeraki-webhook.ts';
import { adoptedFields } from './field-ownership.ts';
import { type AdoptableKind, type ForeignObject, foreignObject } from './foreign-object.ts';

/** Throws UNAVAILABLE where the API server cannot be asked, or refuses: what was done until then is done. */
export async function adopt({
  isDryRun,
  revision,
  objects = [],
  ...wish
}: AdoptionWish): Promise<readonly AdoptionStep[]> {
  return withCluster(wish, async ({ server }) => {
    const adoption = new Adoption(server, revision);
    const steps = await adoption.plan(objects);
    if (!isDryRun) for (const step of steps) await adoption.carryOut(step);
    return steps.map(({ object, does, why }) => ({ object, does, why }));
  });
}

class Adoption {
  readonly #server: ApiServer;
  readonly #revision: string;
  readonly #collections = new Map<AdoptableKind, ApiCollection>([['ConfigMap', configMaps]]);
  readonly #reading = new AbortController();

  constructor(server: ApiServer, revision: string) {
    this.#server = server;
    this.#revision = revision;
  }

  async plan(named: readonly ObjectRef[]): Promise<readonly PlannedStep[]> {
    const objects: ForeignObject[] = [];
    const read = async (kind: AdoptableKind, collection: ApiCollection, fields?: string): Promise<void> => {
      const selection = { path: collectionPath(collection), ...(fields === undefined ? {} : { fields }) };
      await readPages(this.#server, selection, (value) => this.#take(kind, value, objects), this.#reading.signal);
    };
    for (const kind of adoptableKinds) {
      const written = writtenKinds.find((one) => one.kind === kind);
      const collection = written && (await findCollection(this.#server, written));
      if (collection === undefined) continue;
      this.#collections.set(kind, collection);
      await read(kind, collection);
    }
    for (const name of [aerakiBootstrap, ownBootstrap]) await read('ConfigMap', configMaps, `metadata.name=${name}`);
    if (named.length > 0) return planHandover(objects, named);
    const steps = planAdoption(objects, await this.#leases(), Date.now(), await this.#rootNamespace());
    return [...steps, ...(await this.#webhooks())];
  }

  async carryOut({ object, lease, adopted, relaxed }: PlannedStep): Promise<void> {
    try {
      if (relaxed !== undefined) await this.#patch(objectPath(validatingWebhooks, relaxed), relaxing(relaxed));
      if (lease !== undefined) await this.#writeLease(lease);
      if (adopted !== undefined) await this.#takeOver(adopted);
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      const { isUnanswered } = error;
      throw new ApiFailure(`${formatObject(object)}: ${error.message}`, { isUnanswered, cause: error });
    }
  }

  #take(kind: AdoptableKind, value: unknown, objects: ForeignObject[]): void {
    const object = foreignObject(kind, value, this.#revision);
    if (object !== undefined) objects.push(object);
  }

  /** Istio's, as our EnvoyFilters have it. Undefined where MeshConfigs do not agree. */
  async #rootNamespace(): Promise<string | undefined> {
    const byDefault = defaultIstioSettings.rootNamespace;
    const written = new Set<string>();
    const take = (value: unknown): void => {
      written.add(textOf(fieldOf(fieldOf(value, 'spec'), 'istio'), 'rootNamespace') ?? byDefault);
    };
    await readPages(this.#server, { path: collectionPath(meshConfigs) }, take, this.#reading.signal);
    const [first = byDefault, ...others] = written;
    return others.length === 0 ? first : undefined;
  }

  async #webhooks(): Promise<readonly PlannedStep[]> {
    const steps: PlannedStep[] = [];
    const take = (value: unknown): void => {
      const webhook = aerakiWebhook(value);
      if (webhook === undefined) return;
      const step = webhookStep(webhook);
      steps.push(step.does === 'relax' ? { ...step, relaxed: webhook } : step);
    };
    await readPages(this.#server, { path: collectionPath(validatingWebhooks) }, take, this.#reading.signal);
    return steps;
  }

  async #leases(): Promise<readonly VirtualIpLease[]> {
    const leases: VirtualIpLease[] = [];
    const take = (value: unknown): void => {
      const { lease } = readAddressLease(value) ?? {};
      if (lease !== undefined) leases.push(lease);
    };
    await readPages(this.#server, { path: collectionPath(addressLeases) }, take, this.#reading.signal);
    return leases;
  }

  /** Created, so that the API server refuses it where somebody else was given the address meanwhile. */
  async #writeLease(lease: VirtualIpLease): Promise<void> {
    const path = `${collectionPath(addressLeases)}?fieldManager=${fieldManager}`;
    await this.#server.send({ method: 'POST', path, body: addressLeaseObject(lease, this.#revision) });
  }

  async #takeOver({ kind, namespace, name, version, labels, managedFields, data }: ForeignObject): Promise<void> {
    const collection = this.#collections.get(kind);
    if (collection === undefined) return;
    const now = `${new Date().toISOString().slice(0, 19)}Z`;
    const own = { ...ownLabels(this.#revision), [adoptedLabel]: 'true' };
    const body = [
      { op: 'test', path: '/metadata/resourceVersion', value: version },
      { op: 'replace', path: '/metadata/managedFields', value: adoptedFields(managedFields, now) },
      { op: 'add', path: '/metadata/labels', value: { ...labels, ...own } },
      ...(kind === 'ConfigMap' ? [{ op: 'add', path: '/data', value: data }] : []),
    ];
    await this.#patch(objectPath(collection, { namespace, name }), body);
  }

  async #patch(path: string, body: readonly object[]): Promise<void> {
    const contentType = 'application/json-patch+json';
    await this.#server.send({ method: 'PATCH', path: `${path}?fieldManager=${fieldManager}`, body, contentType });
  }
}
