/**
 * What is told of objects where they stand: statuses and events.
 *
 *   findings, proxies, registries --> tables --> object statuses --> status writer --> PATCH .../status
 *                                                                        `-- what fell --> events
 */
import type { FallenConditions } from '../../delivery/kubernetes/statuses/status-desk.ts';
import { defaultStatusLimits, StatusWriter } from '../../delivery/kubernetes/statuses/status-writer.ts';
import { ProgrammingWatch } from '../../delivery/xds/reports/programming-watch.ts';
import { programmingTopic, readSharedProgramming } from '../../delivery/xds/reports/shared-programming.ts';
import { createStatusTables, objectStatuses } from '../../mesh/status/object-statuses.ts';
import { isToldByEvent, kindsWithStatus } from '../../mesh/status/status-conventions.ts';
import { systemClock } from '../../model/clock.ts';
import { createStatusMetrics } from '../../operations/status-metrics.ts';
import { apiKindOf } from '../../resources/kind-info.ts';
import { kinds } from '../../resources/kind-table.ts';
import { keyOfObject } from '../../resources/object-keys.ts';
import type { ClusterPart, ClusterSurroundings } from './cluster-part.ts';
import { ObjectFindings } from './object-findings.ts';

const lookMs = 500;

type StatusSurroundings = Pick<
  ClusterSurroundings,
  | 'pipeline'
  | 'server'
  | 'writership'
  | 'revision'
  | 'precedence'
  | 'replicas'
  | 'events'
  | 'xds'
  | 'registries'
  | 'partFindings'
  | 'onSeen'
  | 'isComplete'
  | 'statusRate'
  | 'metrics'
>;

export function startStatusWriting(surroundings: StatusSurroundings): ClusterPart {
  const {
    pipeline,
    server: api,
    writership,
    revision,
    precedence,
    replicas,
    events,
    xds,
    registries,
    partFindings,
    statusRate = defaultStatusLimits.perSecond,
  } = surroundings;
  const { engine, sourced, mesh, resources } = pipeline;
  const clock = systemClock;
  const isWriter = (): boolean => writership.isWriter;
  const batch = (change: () => void): void => engine.batch(change);
  const tables = createStatusTables(engine);
  const { migrationsByPlan, routeTables } = mesh;
  const statuses = objectStatuses(engine, { ...tables, resources, migrationsByPlan, routeTables });
  const found = new ObjectFindings(tables.findings, batch);
  const watch = new ProgrammingWatch({
    table: tables.programming,
    batch,
    xds,
    now: () => clock.now(),
    keyOf: keyOfObject,
    others: () => [...replicas.heard(programmingTopic).values()].map(readSharedProgramming),
  });
  const onFallen = (fallen: FallenConditions): void => recordFallen(events, fallen);
  const writer: StatusWriter = new StatusWriter({
    api,
    clock,
    isWriter,
    revision,
    precedence,
    isComplete: surroundings.isComplete,
    kinds: statusKinds,
    onFallen,
    onResult: createStatusMetrics(surroundings.metrics, () => writer.depth),
    limits: { ...defaultStatusLimits, perSecond: statusRate, burst: 10 * statusRate },
  });
  const look = (): void => {
    found.replace(partFindings());
    batch(() => {
      for (const status of registries()) tables.registries.set(status);
    });
    watch.look();
    replicas.say(programmingTopic, watch.own(xds.hasProxies));
  };
  const stops = [
    engine.sink(sourced.findings, (diff) => found.take('reading', diff)),
    engine.sink(engine.findings, (diff) => found.take('mesh', diff)),
    engine.sink(statuses, watch.follow),
    engine.sink(statuses, writer.take),
    surroundings.onSeen(writer.see),
    writership.onChange(() => writer.recheck()),
    precedence.onChange(() => writer.recheck()),
  ];
  const timer = setInterval(look, lookMs);
  look();
  writer.recheck();
  return {
    findings: () => writer.findings(),
    close: async () => {
      clearInterval(timer);
      for (const stop of stops) stop();
      await writer.close();
    },
  };
}

const statusKinds = new Map(
  kinds
    .filter(({ kind }) => kindsWithStatus.includes(kind))
    .map((info) => {
      const { group, versions, plural } = info;
      return [info.kind, { kind: apiKindOf(info), group, versions, plural }] as const;
    }),
);

function recordFallen(
  events: StatusSurroundings['events'],
  { object, generation, conditions }: FallenConditions,
): void {
  const isRefused = conditions.some(({ type }) => type === 'Accepted');
  for (const { type, reason, message } of conditions) {
    // That it is not programmed since it is not valid, or names what is not there, is no news.
    if (!isToldByEvent(type) || reason === 'NothingToProgram' || (isRefused && type !== 'Accepted')) continue;
    const attempt = `${generation ?? ''}`;
    events.record({ subject: object, type: 'Warning', reason, action: 'Reconcile', note: message, attempt });
  }
}
