/** MetaRouter: the rules of Aeraki's webhook, and those that it forgot and its generators then crash on. */

import { defineKind, withSpec } from '../kind-reader.ts';
import { isDnsLabel, isDnsSubdomain, isHostName, isMixedCaseLabel, withoutTrailingDot } from '../kubernetes-names.ts';
import { checkMatch, type MatchCheck, matchesAll, readMatch } from '../match-rules.ts';
import { PatternBudget } from '../pattern-cost.ts';
import { type Path, type Problems, quote } from '../problem.ts';
import type { Infer } from '../schema-language.ts';
import { metaRouterSpec } from '../schemas/meta-router.ts';
import type { MetaRouter, MetaRouteSpec } from '../types/aeraki.ts';
import { checkExportTo } from '../visibility-rules.ts';
import { checkRateLimits, readGlobalRateLimit, readLocalRateLimit } from './meta-router-limits.ts';

const schema = withSpec(metaRouterSpec);
type Content = Infer<typeof metaRouterSpec>;
type RouteContent = NonNullable<Content['routes']>[number];
type DestinationContent = RouteContent['route'][number]['destination'];

export const metaRouter = defineKind<Infer<typeof schema>, MetaRouter>({
  info: {
    kind: 'MetaRouter',
    group: 'metaprotocol.aeraki.io',
    plural: 'metarouters',
    versions: ['v1alpha1'],
    scope: 'Namespaced',
  },
  schema: () => schema,
  check: ({ spec, metadata }, problems) => {
    const { hosts, gateways = [], routes = [] } = spec;
    const check: MatchCheck = { problems, budget: new PatternBudget() };
    hosts.forEach((host, index) => {
      checkHost(host, ['spec', 'hosts', index], problems);
    });
    gateways.forEach((gateway, index) => {
      checkGateway(gateway, ['spec', 'gateways', index], problems);
    });
    if (routes.length === 0 && spec.localRateLimit === undefined && spec.globalRateLimit === undefined) {
      problems.add('ISTH0214', ['spec'], 'There are neither routes nor rate limits.', 'Add routes or a rate limit.');
    }
    routes.forEach((route, index) => {
      checkRoute(route, ['spec', 'routes', index], check);
    });
    checkReach(routes, problems);
    checkRateLimits(spec, check);
    checkExportTo(spec.exportTo, metadata.namespace, problems);
  },
  build: ({ spec }, head) => {
    const { hosts, routes, localRateLimit, globalRateLimit, ...rest } = spec;
    return {
      kind: 'MetaRouter',
      ...head,
      spec: {
        ...rest,
        hosts: hosts.map(withoutTrailingDot),
        ...(routes === undefined ? {} : { routes: routes.map(readRoute) }),
        ...(localRateLimit === undefined ? {} : { localRateLimit: readLocalRateLimit(localRateLimit) }),
        ...(globalRateLimit === undefined ? {} : { globalRateLimit: readGlobalRateLimit(globalRateLimit) }),
      },
    };
  },
});

function checkHost(host: string, path: Path, problems: Problems): void {
  if (!isHostName(host)) problems.add('ISTH0201', path, `${quote(host)} is no host name.`);
}

function checkGateway(gateway: string, path: Path, problems: Problems): void {
  const parts = gateway.split('/');
  const [first = '', second] = parts;
  const valid = second === undefined ? isDnsSubdomain(first) : isDnsLabel(first) && isDnsSubdomain(second);
  if (parts.length <= 2 && valid) return;
  problems.add('ISTH0116', path, `${quote(gateway)} names no gateway.`, 'Write <namespace>/<name> or <name>.');
}

function checkRoute(route: RouteContent, path: Path, check: MatchCheck): void {
  const { problems } = check;
  checkMatch(route.match, [...path, 'match'], check);
  route.route.forEach(({ destination }, index) => {
    checkDestination(destination, [...path, 'route', index, 'destination'], problems);
  });
  const total = route.route.reduce((sum, { weight = 0 }) => sum + weight, 0);
  if (route.route.length > 1 && total !== 100) {
    problems.add('ISTH0210', [...path, 'route'], `The weights do not add up to 100 but to ${total}.`);
  }
  if (route.mirror !== undefined) checkDestination(route.mirror, [...path, 'mirror'], problems);
  if (route.mirrorPercentage === undefined) return;
  if (route.mirror === undefined) {
    problems.add('ISTH0211', [...path, 'mirrorPercentage'], 'mirrorPercentage stands without a mirror.');
  } else if (route.mirrorPercentage.value === 0) {
    const message = 'A mirror of 0 percent mirrors nothing.';
    problems.add(
      'ISTH0211',
      [...path, 'mirrorPercentage', 'value'],
      message,
      'Write more than 0, or remove the mirror.',
    );
  }
}

function checkDestination({ host, subset }: DestinationContent, path: Path, problems: Problems): void {
  checkHost(host, [...path, 'host'], problems);
  if (subset !== undefined && subset !== '' && !isMixedCaseLabel(subset)) {
    problems.add('ISTH0204', [...path, 'subset'], `${quote(subset)} is no subset's name.`);
  }
}

/** Routes behind the first that takes every request are never reached. One finding: the first of them. */
function checkReach(routes: readonly RouteContent[], problems: Problems): void {
  const last = routes.findIndex((route) => matchesAll(route.match));
  if (last < 0 || last === routes.length - 1) return;
  const message = `No request gets past routes[${last}], which has no match.`;
  problems.add('ISTH0213', ['spec', 'routes', last + 1], message);
}

function readRoute({ match, ...route }: RouteContent): MetaRouteSpec {
  return {
    ...route,
    ...(match === undefined ? {} : { match: readMatch(match) }),
    route: route.route.map((one) => ({ ...one, destination: readDestination(one.destination) })),
    ...(route.mirror === undefined ? {} : { mirror: readDestination(route.mirror) }),
  };
}

function readDestination(destination: DestinationContent): DestinationContent {
  return { ...destination, host: withoutTrailingDot(destination.host) };
}
