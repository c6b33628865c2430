/** The kinds of which the chart makes objects: where an API server has them, and in which order they are to come. */
import type { ApiCollection } from '../kubernetes-api/api-paths.ts';
import { objectPath } from '../kubernetes-api/api-paths.ts';
import {
  configMaps,
  mutatingWebhooks,
  namespaces,
  validatingWebhooks,
} from '../kubernetes-api/built-in-collections.ts';
import { IsthmusError } from '../model/errors.ts';
import { isMap, type PlainMap } from '../resources/plain-values.ts';

export const definitions: ApiCollection = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
};
export const meshConfigs: ApiCollection = { group: 'isthmus.dev', version: 'v1alpha1', plural: 'meshconfigs' };
export const deployments: ApiCollection = { group: 'apps', version: 'v1', plural: 'deployments' };

const rbac = { group: 'rbac.authorization.k8s.io', version: 'v1' };

/** What others need stands before them; what others are called by, webhooks, stands last, and goes first. */
const inOrder: readonly (readonly [kind: string, collection: ApiCollection])[] = [
  ['CustomResourceDefinition', definitions],
  ['Namespace', namespaces],
  ['ServiceAccount', { group: '', version: 'v1', plural: 'serviceaccounts' }],
  ['ClusterRole', { ...rbac, plural: 'clusterroles' }],
  ['ClusterRoleBinding', { ...rbac, plural: 'clusterrolebindings' }],
  ['Role', { ...rbac, plural: 'roles' }],
  ['RoleBinding', { ...rbac, plural: 'rolebindings' }],
  ['ConfigMap', configMaps],
  ['MeshConfig', meshConfigs],
  ['NetworkPolicy', { group: 'networking.k8s.io', version: 'v1', plural: 'networkpolicies' }],
  ['PodDisruptionBudget', { group: 'policy', version: 'v1', plural: 'poddisruptionbudgets' }],
  ['Service', { group: '', version: 'v1', plural: 'services' }],
  ['Deployment', deployments],
  ['ServiceMonitor', { group: 'monitoring.coreos.com', version: 'v1', plural: 'servicemonitors' }],
  ['ValidatingWebhookConfiguration', validatingWebhooks],
  ['MutatingWebhookConfiguration', mutatingWebhooks],
];
const collections = new Map(inOrder);
const positions = new Map(inOrder.map(([kind], at) => [kind, at]));

/** One object of the installation, by where the API server has it. */
export interface InstalledObject {
  readonly kind: string;
  /** Absent for what belongs to no namespace. */
  readonly namespace?: string;
  readonly name: string;
}

/** Throws INTERNAL for a kind that the chart is not known to make. */
export function pathOf({ kind, namespace, name }: InstalledObject): string {
  const collection = collections.get(kind);
  if (collection === undefined) throw new IsthmusError('INTERNAL', `The chart makes a ${kind}, which is not known.`);
  return objectPath(collection, { name, ...(namespace === undefined ? {} : { namespace }) });
}

/** Throws INTERNAL for a manifest without a name. */
export function objectIn({ kind, metadata }: PlainMap): InstalledObject {
  if (typeof kind === 'string' && isMap(metadata) && typeof metadata.name === 'string') {
    const { name, namespace } = metadata;
    return { kind, name, ...(typeof namespace === 'string' ? { namespace } : {}) };
  }
  throw new IsthmusError('INTERNAL', 'The chart makes an object without a kind or a name.');
}

/** As they are to be applied. */
export function inApplyOrder<T extends { readonly kind?: unknown }>(objects: readonly T[]): readonly T[] {
  const position = ({ kind }: T): number => positions.get(String(kind)) ?? inOrder.length;
  return objects
    .map((object, at) => ({ object, at }))
    .sort((a, b) => position(a.object) - position(b.object) || a.at - b.at)
    .map(({ object }) => object);
}

export function nameOf({ kind, namespace, name }: InstalledObject): string {
  return namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}
