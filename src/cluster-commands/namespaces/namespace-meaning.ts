/** What the labels of a Namespace mean: who heeds what is in it, and where its Pods get a proxy. */

import type { MeshNamespace } from '../../cli/actions.ts';
import { ignoreLabel, revisionLabel, systemNamespaces } from '../../model/ownership.ts';
import { saysInject } from '../../translate/injection/injection-wish.ts';

type Labels = Readonly<Record<string, string>>;

/** all: each control plane; none; or the one of this revision. */
export type Heeding = 'all' | 'none' | { readonly revision: string };

export function heedingOf(name: string, labels: Labels): Heeding {
  const ignore = labels[ignoreLabel];
  if (ignore === 'true' || (ignore !== 'false' && systemNamespaces.includes(name))) return 'none';
  const revision = labels[revisionLabel];
  return revision === undefined ? 'all' : { revision };
}

/** `homes`: namespaces of control planes. */
export function describeNamespace(name: string, labels: Labels, homes: ReadonlySet<string>): MeshNamespace {
  const revision = labels[revisionLabel];
  const injects = saysInject(labels);
  const injection = injects === undefined ? '-' : injects ? 'enabled' : 'disabled';
  return { name, ...(revision === undefined ? {} : { revision }), injection, meaning: meaningOf(name, labels, homes) };
}

/** For people. */
export function meaningOf(name: string, labels: Labels, homes: ReadonlySet<string>): string {
  const heeding = heedingOf(name, labels);
  if (heeding === 'none') return labels[ignoreLabel] === 'true' ? 'ignored' : "left out: it is Kubernetes' own";
  const whose = heeding === 'all' ? 'all control planes' : `the revision "${heeding.revision}"`;
  return `heeded by ${whose}; its Pods ${proxiesOf(name, labels, homes)}`;
}

function proxiesOf(name: string, labels: Labels, homes: ReadonlySet<string>): string {
  if (systemNamespaces.includes(name) || homes.has(name)) return 'never get a proxy';
  return saysInject(labels) === true ? 'get a proxy' : 'get a proxy where they ask for it';
}
