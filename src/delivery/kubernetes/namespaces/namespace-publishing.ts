/**
 * Something that each of some namespaces is to have, as a ConfigMap: of several control planes, the one that the namespace names
 * keeps it there, or that which speaks for all.
 */

import type { Collection } from '../../../collections/collection.ts';
import type { Engine } from '../../../collections/engine.ts';
import type { ApiServer } from '../../../kubernetes-api/api-server.ts';
import { type Clock, steadyClock } from '../../../model/clock.ts';
import { type Finding, finding } from '../../../model/finding.ts';
import type { FindingCode } from '../../../model/finding-catalogue.ts';
import { revisionLabel } from '../../../model/ownership.ts';
import type { EventRecorder } from '../events/event-recorder.ts';
import { repairNotice } from '../objects/repair-notice.ts';
import { fightFinding } from '../objects/write-findings.ts';
import type { Precedence } from '../replicas/revision-precedence.ts';
import type { Writership } from '../replicas/writership.ts';
import type { NamedConfigMap } from './named-config-map.ts';
import { NamespaceConfigMaps, type NamespaceTrouble } from './namespace-config-maps.ts';

interface LabelledNamespace {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
}

export interface NamespaceContent<Namespace> {
  readonly map: NamedConfigMap;
  /** Whether it is made where there is none; otherwise only what is ours already is kept. */
  readonly isMade: boolean;
  /** What a namespace is to have; undefined for nothing, or while it is not known. */
  readonly contentFor: (namespace: Namespace) => string | undefined;
  /** Of what cannot be written. */
  readonly unwritten: FindingCode;
}

export interface PublishingSurroundings<Namespace> {
  readonly engine: Engine;
  /** Those that are heeded. */
  readonly namespaces: Collection<Namespace>;
  /** One of these. */
  readonly namespaceNamed: (name: string) => Namespace | undefined;
  readonly server: ApiServer;
  readonly writership: Writership;
  readonly precedence: Precedence;
  readonly revision: string;
  readonly events: Pick<EventRecorder, 'record'>;
}

/** Nobody tells when the content is another. */
const lookEveryMs = 10_000;

export interface NamespacePublishing {
  /** What the namespace is to have may be another thing now. */
  look(namespace: string): void;
  findings(): readonly Finding[];
  /** Leaves what is there as it is. */
  close(): Promise<void>;
}

export function publishInNamespaces<Namespace extends LabelledNamespace>(
  surroundings: PublishingSurroundings<Namespace>,
  { map, isMade, contentFor, unwritten }: NamespaceContent<Namespace>,
  clock: Clock = steadyClock,
): NamespacePublishing {
  const { engine, namespaces, namespaceNamed, server, writership, precedence, revision, events } = surroundings;
  const lookAtAll = (): void => {
    for (const { metadata } of namespaces.values()) maps.look(metadata.name);
  };
  const maps: NamespaceConfigMaps = new NamespaceConfigMaps({
    api: server,
    clock,
    map,
    revision,
    isMade,
    isWriter: () => writership.isWriter,
    contentFor: (name) => {
      const namespace = namespaceNamed(name);
      if (namespace === undefined) return undefined;
      const isOurs = namespace.metadata.labels[revisionLabel] !== undefined || precedence.isFirst === true;
      return isOurs ? contentFor(namespace) : undefined;
    },
    onSeen: lookAtAll,
    onRepaired: (namespace, uid, edit) => {
      const subject = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: map.name, uid };
      events.record(repairNotice(subject, edit, 'as it was'));
    },
  });
  const stops = [
    engine.sink(namespaces, (diff) => {
      for (const { before, after } of diff) maps.look((after ?? before)?.metadata.name ?? '');
    }),
    writership.onChange(lookAtAll),
    precedence.onChange(lookAtAll),
  ];
  let cancel = (): void => {};
  const lookNowAndThen = (): void => {
    cancel = clock.after(lookEveryMs, () => {
      lookAtAll();
      lookNowAndThen();
    });
  };
  lookNowAndThen();
  return {
    look: (namespace) => maps.look(namespace),
    findings: () => findingsOf(maps, map.name, unwritten),
    close: async () => {
      cancel();
      for (const stop of stops) stop();
      await maps.close();
    },
  };
}

function findingsOf(maps: NamespaceConfigMaps, name: string, unwritten: FindingCode): readonly Finding[] {
  const { blindness } = maps;
  const object = { kind: 'ConfigMap', name };
  const blind = blindness === undefined ? [] : [finding(unwritten, { object, message: `${blindness}.` })];
  const told = maps
    .troubles()
    .map(({ namespace, isForeign, message }: NamespaceTrouble) =>
      finding(isForeign ? 'ISTH1613' : unwritten, { object: { ...object, namespace }, message }),
    );
  const fights = [...maps.fights()].map(([namespace, { by }]) => {
    const fought = { ...object, namespace };
    return fightFinding(fought, fought, by);
  });
  return [...blind, ...told, ...fights];
}
