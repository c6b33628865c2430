/** `isthmus namespace`: labels of Namespaces, changed as a person does, and what they mean. */

import type { MeshNamespace, NamespaceOutcome, NamespaceStep, NamespaceWish } from '../../cli/actions.ts';
import type { ClusterChoice } from '../../cli/cluster-choice.ts';
import type { ApiFailure } from '../../kubernetes-api/api-failure.ts';
import { collectionPath, objectPath } from '../../kubernetes-api/api-paths.ts';
import type { ApiServer } from '../../kubernetes-api/api-server.ts';
import { namespaces } from '../../kubernetes-api/built-in-collections.ts';
import { readPages } from '../../kubernetes-api/collection-reading.ts';
import { type ErrorCode, IsthmusError } from '../../model/errors.ts';
import { ignoreLabel, revisionLabel, systemNamespaces } from '../../model/ownership.ts';
import { injectionKeys } from '../../translate/injection/injection-settings.ts';
import { withCluster } from '../with-cluster.ts';
import { contentsOf, type KnownPlane, knownPlanes, losersOf } from './namespace-loss.ts';
import { describeNamespace, heedingOf, meaningOf } from './namespace-meaning.ts';

type Labels = Readonly<Record<string, string>>;

/**
 * What it comes to for each namespace. Where that takes something from a control plane, it is done only where it is confirmed,
 * and so is all else of the wish. Throws USAGE or BAD_DATA before anything is changed where one of them cannot be; UNAVAILABLE.
 */
export async function changeNamespaces(choice: ClusterChoice, wish: NamespaceWish): Promise<NamespaceOutcome> {
  return withCluster(choice, async ({ server }) => change(server, wish), codeOf);
}

async function change(server: ApiServer, wish: NamespaceWish): Promise<NamespaceOutcome> {
  const planes = await knownPlanes(server);
  const homes = homesOf(planes);
  for (const name of wish.namespaces) refuseSystem(name, wish, homes);
  const steps: NamespaceStep[] = [];
  for (const name of wish.namespaces) {
    const before = await labelsOf(server, name);
    refuseOthers(name, before, wish);
    steps.push(await stepOf(server, { name, before, after: labelsAfter(before, wish) }, planes));
  }
  const isDone = wish.isConfirmed || steps.every(({ loss }) => loss === undefined);
  if (isDone) for (const { name } of steps) await label(server, name, wish);
  return { isDone, steps };
}

async function stepOf(
  server: ApiServer,
  { name, before, after }: { readonly name: string; readonly before: Labels; readonly after: Labels },
  planes: readonly KnownPlane[] | undefined,
): Promise<NamespaceStep> {
  const meaning = meaningOf(name, after, homesOf(planes));
  const losers = losersOf(heedingOf(name, before), heedingOf(name, after), planes);
  if (losers === undefined) return { name, meaning };
  const contents = await contentsOf(server, name);
  if (contents.length === 0) return { name, meaning };
  return { name, meaning, loss: `dropped at once by the control plane of revision ${losers}: ${contents.join(', ')}` };
}

async function label(server: ApiServer, name: string, wish: NamespaceWish): Promise<void> {
  const query = new URLSearchParams({ fieldManager: 'isthmus-cli', ...(wish.dryRun ? { dryRun: 'All' } : {}) });
  await server.send({
    method: 'PATCH',
    path: `${objectPath(namespaces, { name })}?${query}`,
    contentType: 'application/merge-patch+json',
    body: { metadata: { labels: wantedLabels(wish) } },
  });
}

export async function listNamespaces(choice: ClusterChoice): Promise<readonly MeshNamespace[]> {
  return withCluster(choice, async ({ server }) => list(server), codeOf);
}

async function list(server: ApiServer): Promise<readonly MeshNamespace[]> {
  const homes = homesOf(await knownPlanes(server));
  const found: MeshNamespace[] = [];
  const take = (object: unknown): void => {
    const { name, labels } = headOf(object);
    found.push(describeNamespace(name, labels, homes));
  };
  await readPages(server, { path: collectionPath(namespaces) }, take, AbortSignal.timeout(30_000));
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Where there are control planes, and where one is installed unless somebody says otherwise. */
function homesOf(planes: readonly KnownPlane[] = []): ReadonlySet<string> {
  return new Set(['isthmus-system', ...planes.map(({ namespace }) => namespace)]);
}

/** What it refuses is what was asked for: a Namespace that is not there, or that whoever asks may not change. */
function codeOf({ status }: ApiFailure): ErrorCode {
  return status === undefined || status >= 500 ? 'UNAVAILABLE' : 'BAD_DATA';
}

function refuseSystem(name: string, { change }: NamespaceWish, homes: ReadonlySet<string>): void {
  if (change !== 'add') return;
  if (systemNamespaces.includes(name))
    throw new IsthmusError('USAGE', `${name} is Kubernetes' own: its Pods must start also where nothing else does.`);
  if (homes.has(name))
    throw new IsthmusError('USAGE', `${name} is the namespace of a control plane: its Pods never get a proxy.`);
}

function refuseOthers(name: string, labels: Labels, { change, revision }: NamespaceWish): void {
  const other = labels[revisionLabel];
  if (change === 'ignore' || other === undefined || other === revision) return;
  const command = `isthmus namespace remove ${name} --revision ${other}`;
  throw new IsthmusError('BAD_DATA', `${name} is of the revision "${other}". To take it out there: ${command}`);
}

/** Null: it goes. */
function wantedLabels({ change, revision, injects }: NamespaceWish): Readonly<Record<string, string | null>> {
  const none = { [revisionLabel]: null, [injectionKeys.inject]: null, [ignoreLabel]: null };
  if (change === 'remove') return none;
  if (change === 'ignore') return { ...none, [ignoreLabel]: 'true' };
  return { ...none, [revisionLabel]: revision, [injectionKeys.inject]: injects ? 'true' : 'false' };
}

function labelsAfter(before: Labels, wish: NamespaceWish): Labels {
  const after = Object.entries({ ...before, ...wantedLabels(wish) });
  return Object.fromEntries(after.filter((pair): pair is [string, string] => pair[1] !== null));
}

async function labelsOf(server: ApiServer, name: string): Promise<Labels> {
  return headOf(await server.get(objectPath(namespaces, { name }))).labels;
}

function headOf(object: unknown): { readonly name: string; readonly labels: Labels } {
  const { name, labels } = fieldsOf(fieldsOf(object).metadata);
  const texts = Object.entries(fieldsOf(labels)).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string',
  );
  return { name: String(name), labels: Object.fromEntries(texts) };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
