/** Which object of ours does what one of another bridge does: then that one can go. */

import { ownBootstrap } from '../../translate/istio/bootstrap-override.ts';
import { lackOfFilter } from './filter-replacement.ts';
import { type ForeignObject, textList } from './foreign-object.ts';

export interface Replacement {
  readonly by: ForeignObject;
  /** What it does not do yet, in words; empty for nothing. */
  readonly lack: string;
}

/** The one that does most of it; undefined where none does anything. `rootNamespace`: Istio's, undefined where not known. */
export function replacementOf(
  other: ForeignObject,
  ours: readonly ForeignObject[],
  rootNamespace?: string,
): Replacement | undefined {
  const found = ours.flatMap((by): readonly Replacement[] => {
    const lack = by.kind === other.kind && by !== other ? lackOf(by, other, rootNamespace) : undefined;
    return lack === undefined ? [] : [{ by, lack }];
  });
  return found.find(({ lack }) => lack === '') ?? found[0];
}

function lackOf(own: ForeignObject, other: ForeignObject, rootNamespace?: string): string | undefined {
  if (other.kind === 'EnvoyFilter') return lackOfFilter(own, other, rootNamespace);
  if (own.namespace !== other.namespace) return undefined;
  switch (other.kind) {
    case 'ServiceEntry':
      return sharesHost(own, other) ? '' : undefined;
    case 'VirtualService':
      return sharesHost(own, other) && hasGateways(own, other) ? '' : undefined;
    case 'ConfigMap':
      return own.name === ownBootstrap ? '' : undefined;
  }
}

function sharesHost(own: ForeignObject, other: ForeignObject): boolean {
  const hosts = textList(own.spec, 'hosts');
  return textList(other.spec, 'hosts').every((host) => hosts.includes(host));
}

function hasGateways(own: ForeignObject, other: ForeignObject): boolean {
  const named = (object: ForeignObject) =>
    textList(object.spec, 'gateways').map((name) => (name.includes('/') ? name : `${object.namespace}/${name}`));
  const gateways = named(own);
  return named(other).every((name) => gateways.includes(name));
}
