/** ConfigMaps that a control plane wrote and that stay when it goes: others need them, or something of others is in them. */
import { managedEntries, record } from '../../delivery/kubernetes/objects/owned-fields.ts';
import { fieldOf, textOf } from '../../kubernetes-api/plain-fields.ts';
import { adoptedLabel, managedByLabel, revisionLabel } from '../../model/ownership.ts';
import type { PlainMap } from '../../resources/plain-values.ts';
import { defaultInjectionSettings } from '../../translate/injection/injection-settings.ts';
import { aerakiBootstrap, ownBootstrap } from '../../translate/istio/bootstrap-override.ts';
import { labelsOf } from '../cluster-objects.ts';

/** Who stays when the control plane goes. */
export interface Remaining {
  /** Names of the other control planes in the cluster; empty where it is the last one. */
  readonly revisions: readonly string[];
  /** Namespaces that only the control plane that goes heeds. */
  readonly ownNamespaces: ReadonlySet<string>;
}

const ourWriter = /^isthmus(-|$)/;
/** One in a namespace, whichever control plane writes it: Pods do not start without. */
const shared: ReadonlySet<string> = new Set([defaultInjectionSettings.rootsConfigMap, ownBootstrap]);

/** Why one that bears our labels stays, and what to do; undefined for one that goes. */
export function reasonToKeep(map: PlainMap, { revisions, ownNamespaces }: Remaining): string | undefined {
  const metadata = fieldOf(map, 'metadata');
  const [name = '', namespace = ''] = [textOf(metadata, 'name'), textOf(metadata, 'namespace')];
  if (labelsOf(map)[adoptedLabel] === 'true' || name === aerakiBootstrap)
    return 'It was there before us, and was taken over by "isthmus adopt": Pods that name it do not start without it. Delete it once none does.';
  const theirs = foreignKeys(metadata);
  if (theirs !== '')
    return `Others wrote into it: ${theirs}. Delete it, or make it theirs: kubectl -n ${namespace} label configmap ${name} ${managedByLabel}- ${revisionLabel}-`;
  if (shared.has(name) && revisions.length > 0 && !ownNamespaces.has(namespace))
    return `Pods start with it, and another control plane is in the cluster: ${revisions.join(', ')}. That one keeps it from now on where it heeds the namespace; delete it elsewhere.`;
  return undefined;
}

/** `manager (key, key); ...`, sorted; empty for none. */
function foreignKeys(metadata: unknown): string {
  const found = managedEntries(metadata).flatMap(({ manager, fields }) => {
    const keys = ['f:data', 'f:binaryData'].flatMap((part) => Object.keys(record(fields[part])));
    const named = keys.filter((key) => key.startsWith('f:')).map((key) => key.slice(2));
    return ourWriter.test(manager) || named.length === 0 ? [] : [`${manager} (${named.toSorted().join(', ')})`];
  });
  return found.toSorted().join('; ');
}
