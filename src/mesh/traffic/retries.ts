/**
 * Retries: which failures callers of a service account do not get to see of a service.
 *
 *   Retry + the services that it names --> retry definitions --> retries of a service, by caller
 *
 * A Retry is in force as soon as it is written. Of several for one caller and one service the oldest is, then the one with
 * the smallest key; the others are a finding.
 */
import type { Collection, Context } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { finding, formatObject } from '../../model/finding.ts';
import { parseSpiffeId, spiffeId } from '../../model/identity.ts';
import type { CallerRetry, RetryPolicy, ServiceRetries } from '../../model/retry.ts';
import { isHttp, type ServiceKey } from '../../model/service.ts';
import type { Retry } from '../../resources/kinds.ts';
import { about, byAge, compareText, type Described } from '../resource-order.ts';
import { ownService, type ServiceTables } from '../services/own-service.ts';
import { settingsOf } from '../settings.ts';

interface Tables extends ServiceTables {
  readonly retries: Collection<Retry>;
}

interface RetryDefinition {
  readonly retry: Described;
  readonly caller: string;
  readonly policy: RetryPolicy;
  readonly services: readonly ServiceKey[];
}

/** Keyed by service key. */
export function serviceRetries(engine: Engine, tables: Tables): Collection<ServiceRetries> {
  const definitions = engine.map('retry definitions', tables.retries, (retry, context) =>
    defineRetry(retry, context, tables),
  );
  return engine.groupBy(
    'service retries',
    definitions,
    ({ services }) => services,
    (key, members, context) => retriesOf(key, members, context),
  );
}

function defineRetry(retry: Retry, context: Context, tables: Tables): RetryDefinition {
  const { kind, key, metadata, spec } = retry;
  const { source, retryOn, numRetries, perTryTimeout, retryBackoffBaseInterval } = spec;
  const { trustDomain } = settingsOf(context, tables.settings);
  const services = spec.destinations.flatMap((_, at) => calledService(retry, at, context, tables) ?? []);
  return {
    retry: { kind, key, metadata },
    caller: spiffeId({ trustDomain, namespace: source.namespace, serviceAccount: source.name }),
    policy: {
      conditions: retryOn,
      retries: numRetries,
      ...(perTryTimeout === undefined || perTryTimeout === 0 ? {} : { perTryTimeoutMs: perTryTimeout }),
      backoffMs: retryBackoffBaseInterval,
    },
    services: [...new Set(services)].sort(),
  };
}

/** Of the namespace that the policy names, whichever of its names is written. */
function calledService(retry: Retry, at: number, context: Context, tables: Tables): ServiceKey | undefined {
  const { namespace = '', name = '' } = retry.spec.destinations[at] ?? {};
  const service = ownService(namespace, name, context, tables);
  const where = { ...about(retry), path: `spec.destinations[${at}]` };
  if (service === undefined) {
    const message = `There is no ${name} in namespace ${namespace}: nothing is tried again for it.`;
    context.report(finding('ISTH1341', { ...where, message }));
    return undefined;
  }
  if (service.ports.some(({ protocol }) => isHttp(protocol))) return service.key;
  const message = `No port of ${service.host} speaks HTTP as far as is known: nothing is tried again.`;
  context.report(finding('ISTH1342', { ...where, message }));
  return undefined;
}

function retriesOf(key: string, members: readonly RetryDefinition[], context: Context): ServiceRetries {
  const winners = new Map<string, RetryDefinition>();
  for (const one of members.toSorted((a, b) => byAge(a.retry, b.retry))) {
    const winner = winners.get(one.caller);
    if (winner === undefined) winners.set(one.caller, one);
    else reportSecond(one, winner, key, context);
  }
  const callers = [...winners.values()].map(
    ({ caller, policy, retry }): CallerRetry => ({ caller, policy, origin: about(retry) }),
  );
  return { key, callers: callers.sort((a, b) => compareText(a.caller, b.caller)) };
}

function reportSecond(second: RetryDefinition, winner: RetryDefinition, service: string, context: Context): void {
  const { namespace = '', serviceAccount = '' } = parseSpiffeId(winner.caller) ?? {};
  const inForce = formatObject(about(winner.retry).object);
  const message = `For requests of ${namespace}/${serviceAccount} to ${service}, ${inForce} is in force instead.`;
  context.report(finding('ISTH1343', { ...about(second.retry), message }));
}
