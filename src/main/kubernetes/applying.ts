/**
 * What is wanted in the cluster, written there: what Istio is told, by whichever replica is the writer.
 *
 *   pipeline.istioObjects --> writer --> API server
 *   writership, sources, namespaces --> when to compare, and what to try again
 *   what somebody else changed, and was put right --> log, event of the object
 */
import type { DeletionHold } from '../../cli/actions.ts';
import { ClusterWriter, defaultWorkLimits } from '../../delivery/kubernetes/objects/cluster-writer.ts';
import { type BrakeLimits, defaultBrakeLimits } from '../../delivery/kubernetes/objects/deletion-brake.ts';
import { HeldEvents } from '../../delivery/kubernetes/objects/held-events.ts';
import type { Repair } from '../../delivery/kubernetes/objects/kind-writer.ts';
import { repairNotice } from '../../delivery/kubernetes/objects/repair-notice.ts';
import { holdsTopic, sharedHolds, waitingTopic } from '../../delivery/kubernetes/objects/shared-holds.ts';
import { unwrittenFilterFindings } from '../../delivery/kubernetes/objects/unwritten-filters.ts';
import { writeFindings } from '../../delivery/kubernetes/objects/write-findings.ts';
import { WriteReleases } from '../../delivery/kubernetes/objects/write-releases.ts';
import { writtenKinds } from '../../delivery/kubernetes/objects/written-kinds.ts';
import { about } from '../../mesh/resource-order.ts';
import { steadyClock, systemClock } from '../../model/clock.ts';
import { formatObject } from '../../model/finding.ts';
import { createClusterWriteMetrics } from '../../operations/cluster-write-metrics.ts';
import type { Logger } from '../../operations/log.ts';
import type { ClusterPart, ClusterSurroundings } from './cluster-part.ts';

/** How often it is looked whether all is known that is wanted: nobody tells, and nothing is in a hurry to be deleted. */
const lookMs = 1_000;

type ApplyingSurroundings = Pick<
  ClusterSurroundings,
  | 'pipeline'
  | 'server'
  | 'writership'
  | 'revision'
  | 'events'
  | 'state'
  | 'systemNamespace'
  | 'replicas'
  | 'isKnown'
  | 'isComplete'
  | 'isWithoutIstio'
  | 'writeRate'
  | 'hold'
  | 'metrics'
  | 'log'
>;

export function startApplying(surroundings: ApplyingSurroundings): ClusterPart {
  const { pipeline, server, writership, revision, events, replicas } = surroundings;
  const { isKnown, isComplete, isWithoutIstio, state, systemNamespace, metrics, log } = surroundings;
  const { writeRate = defaultWorkLimits.perSecond, hold = {} } = surroundings;
  const { engine, istioObjects, istioWriting, resources } = pipeline;
  const count = createClusterWriteMetrics(metrics, () => writer.status());
  const isWriter = (): boolean => writership.isWriter;
  const writer: ClusterWriter = new ClusterWriter({
    api: server,
    // All of it is for Istio, aliases of hosts among it.
    kinds: isWithoutIstio ? [] : writtenKinds,
    revision,
    clock: steadyClock,
    isWriter,
    isKnown,
    isComplete,
    onRepaired: (repair) => tellOf(repair, events, log),
    onResult: count,
    limits: { ...defaultWorkLimits, perSecond: writeRate, burst: 2 * writeRate },
    brake: brakeOf(hold),
  });
  const releases = new WriteReleases({ state, writer, events, systemNamespace, revision, clock: systemClock, log });
  if (!isWithoutIstio) engine.batch(() => istioWriting.set({ revision, sharesObjects: true }));
  const stops = [
    engine.sink(istioObjects, (diff) => writer.take(diff)),
    engine.sink(resources.Namespace, (diff) => {
      for (const { after } of diff) if (after !== undefined) writer.reopen(after.metadata.name);
    }),
    writership.onChange(() => writer.recheck()),
  ];
  const seen = (): string => `${isKnown()} ${isComplete()}`;
  let wasSeen = seen();
  const held = new HeldEvents();
  const filterRouters = { byNameOfHost: pipeline.metaRoutersByNameOfHost, about };
  const timer = setInterval(() => {
    const { kinds, isComplete: isAllSeen } = writer.status();
    held.record(events, kinds);
    replicas.say(holdsTopic, isWriter() ? sharedHolds(kinds) : undefined);
    replicas.say(waitingTopic, isWriter() && !isAllSeen ? true : undefined);
    if (seen() !== wasSeen) writer.recheck();
    wasSeen = seen();
  }, lookMs);
  writer.recheck();
  return {
    findings: () => {
      const status = writer.status();
      return [...writeFindings(status), ...unwrittenFilterFindings(status, filterRouters)];
    },
    reflectors: () => writer.reflectors(),
    writing: {
      status: () => writer.status(),
      release: async (kind, by) => releases.release(kind, by),
    },
    close: async () => {
      clearInterval(timer);
      for (const stop of stops) stop();
      await writer.close();
    },
  };
}

function brakeOf({ objects, percent, seconds }: DeletionHold): BrakeLimits {
  const usual = defaultBrakeLimits;
  const holdMs = seconds === undefined ? usual.holdMs : seconds * 1000;
  return { objects: objects ?? usual.objects, percent: percent ?? usual.percent, holdMs };
}

function tellOf(repair: Repair, events: ApplyingSurroundings['events'], log: Logger): void {
  const { object, origin, apiVersion, uid, by } = repair;
  log.warn({ object: formatObject(object), origin: formatObject(origin), by }, 'an object was put right');
  const { kind, namespace = '', name } = object;
  events.record(repairNotice({ apiVersion, kind, namespace, name, uid }, repair, `as ${formatObject(origin)} has it`));
}
