/** Objects that Aeraki and the bridges beside it write into Istio's API, as far as a takeover needs to know them. */

import { fieldOf, textOf } from '../../kubernetes-api/plain-fields.ts';
import type { adoptableKinds } from '../../model/adoption.ts';
import { bearsOwnLabels } from '../../model/ownership.ts';
import { aerakiBootstrap } from '../../translate/istio/bootstrap-override.ts';

export interface ForeignObject {
  readonly kind: AdoptableKind;
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly created: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly managedFields: readonly unknown[];
  readonly spec: unknown;
  /** Of a ConfigMap. */
  readonly data: Readonly<Record<string, string>>;
  /** Another bridge says that it is its own. */
  readonly isForeign: boolean;
  /** It bears the labels of this control plane. */
  readonly isOurs: boolean;
}

export type AdoptableKind = (typeof adoptableKinds)[number] | 'ConfigMap';

/** Undefined for what is no object. */
export function foreignObject(kind: AdoptableKind, value: unknown, revision: string): ForeignObject | undefined {
  const metadata = fieldOf(value, 'metadata');
  const [namespace, name, version] = ['namespace', 'name', 'resourceVersion'].map((field) => textOf(metadata, field));
  if (namespace === undefined || name === undefined || version === undefined) return undefined;
  const labels = textsOf(fieldOf(metadata, 'labels'));
  const managedFields: unknown = fieldOf(metadata, 'managedFields');
  const annotations = textsOf(fieldOf(metadata, 'annotations'));
  return {
    kind,
    namespace,
    name,
    version,
    created: Date.parse(textOf(metadata, 'creationTimestamp') ?? '') || 0,
    labels,
    annotations,
    managedFields: Array.isArray(managedFields) ? managedFields : [],
    spec: fieldOf(value, 'spec'),
    data: textsOf(fieldOf(value, 'data')),
    isForeign: kind === 'ConfigMap' ? name === aerakiBootstrap : isBridged(labels),
    isOurs: bearsOwnLabels(labels, revision),
  };
}

/** Aeraki, polaris2istio, consul2istio and dubbo2istio write their own name as that of a manager, eureka2istio that of its mesh. */
function isBridged({ manager = '', registry }: Readonly<Record<string, string>>): boolean {
  return /^aeraki$/i.test(manager) || (manager === 'asm' && registry !== undefined);
}

/** A ServiceEntry of a user that asks to be filled from a registry: a wish, whoever filled it. */
export function asksToBeFilled({ annotations }: ForeignObject): boolean {
  return Object.keys(annotations).some((name) => name.startsWith('aeraki.net/polaris'));
}

export function textList(value: unknown, field: string): readonly string[] {
  const list: unknown = fieldOf(value, field);
  return Array.isArray(list) ? list.filter((one: unknown) => typeof one === 'string') : [];
}

export function textsOf(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry: [string, unknown]): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
