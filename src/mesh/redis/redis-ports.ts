/**
 * The rules in force for each port that speaks Redis: the oldest RedisService and the oldest RedisDestination of the service's
 * own namespace that name its host. Other namespaces have no say.
 */
import type { Collection, Context, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { finding, formatObject } from '../../model/finding.ts';
import type { RedisPort } from '../../model/redis.ts';
import type { Service } from '../../model/service.ts';
import type { RedisDestination, RedisService } from '../../resources/kinds.ts';
import type { ResourceCollections } from '../inputs.ts';
import { about, byAge } from '../resource-order.ts';
import { routeTableKey } from '../routing/route-tables.ts';
import { hostCandidates } from '../services/host-names.ts';
import { settingsOf } from '../settings.ts';
import { type RedisTables, redisDownstream } from './redis-downstreams.ts';
import { redisUpstream } from './redis-upstreams.ts';

/** Keyed by `<service key>|<port>`; only of ports that some rule is for. */
export function redisPorts(
  engine: Engine,
  tables: RedisTables,
  resources: Pick<ResourceCollections, 'RedisService' | 'RedisDestination'>,
): Collection<RedisPort> {
  const services = ruleIndex(engine, 'redis services', tables, resources.RedisService, ({ spec }) => spec.host);
  const destinations = ruleIndex(engine, 'redis destinations', tables, resources.RedisDestination, ({ spec }) => [
    spec.host,
  ]);
  return engine.flatMap(
    'redis ports',
    tables.services,
    (service, context) => {
      const ports = service.ports.filter(({ protocol }) => protocol.kind === 'native' && protocol.protocol === 'redis');
      if (ports.length === 0) return [];
      const downstream = ruleOf(context, services, service);
      const upstream = ruleOf(context, destinations, service);
      if (downstream === undefined && upstream === undefined) return [];
      return ports.map((port) => ({
        key: routeTableKey(service.key, port.number),
        ...(downstream === undefined ? {} : { downstream: redisDownstream(context, tables, downstream, port) }),
        ...(upstream === undefined ? {} : { upstream: redisUpstream(upstream, service.host, port.number) }),
      }));
    },
    { key: (port) => port.key },
  );
}

type RedisRule = RedisService | RedisDestination;

/** By `<namespace>/<host>`. */
function ruleIndex<R extends RedisRule>(
  engine: Engine,
  name: string,
  tables: RedisTables,
  rules: Collection<R>,
  hostsOf: (rule: R) => readonly string[],
): Index<{ readonly rule: R; readonly hosts: readonly string[] }> {
  const named = engine.map(`${name} in force`, rules, (rule, context) => {
    const { namespace } = rule.metadata;
    const { clusterDomain } = settingsOf(context, tables.settings);
    const hosts = hostsOf(rule).flatMap((host) => hostCandidates(host, namespace, clusterDomain));
    if (!hosts.some((host) => context.get(tables.hosts, host) !== undefined)) {
      const message = `There is no host ${hosts.join(' or ')}.`;
      context.report(finding('ISTH0503', { ...about(rule), path: 'spec.host', message }));
    }
    return { rule, hosts: hosts.map((host) => `${namespace}/${host}`) };
  });
  return engine.index(`${name} by host`, named, ({ hosts }) => hosts);
}

function ruleOf<R extends RedisRule>(
  context: Context,
  index: Index<{ readonly rule: R }>,
  { namespace, host }: Service,
): R | undefined {
  const rules = context.lookup(index, `${namespace}/${host}`).map(({ rule }) => rule);
  const [first, ...others] = rules.toSorted(byAge);
  for (const other of others) {
    const message = `For ${host}, ${first === undefined ? '' : formatObject(about(first).object)} is in force instead.`;
    context.report(finding('ISTH0501', { ...about(other), message }));
  }
  return first;
}
