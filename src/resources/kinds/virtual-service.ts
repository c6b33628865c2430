/** networking.istio.io VirtualService: where requests and connections to hosts go. */

import { defineKind, withSpec } from '../kind-reader.ts';
import { isWildcardHost, withoutTrailingDot } from '../kubernetes-names.ts';
import { PatternBudget } from '../pattern-cost.ts';
import type { PatternCheck } from '../pattern-rules.ts';
import { type Path, type Problems, quote } from '../problem.ts';
import type { Infer } from '../schema-language.ts';
import { virtualServiceSpec } from '../schemas/istio-traffic.ts';
import type { L4RequestMatch, L4RouteSpec, VirtualService } from '../types/istio-traffic.ts';
import { checkExportTo } from '../visibility-rules.ts';
import { gatewayNames } from './gateway-names.ts';
import { checkHttpRoute } from './http-route-checks.ts';
import { type DestinationContent, type NameGateways, readDestination, readHttpRoute } from './http-routes.ts';
import { unreadOf } from './unread-fields.ts';

const schema = withSpec(virtualServiceSpec);
type Content = Infer<typeof virtualServiceSpec>;
type L4Content = NonNullable<Content['tls']>[number];
type L4MatchContent = NonNullable<L4Content['match']>[number];

export const virtualService = defineKind<Infer<typeof schema>, VirtualService>({
  info: {
    kind: 'VirtualService',
    group: 'networking.istio.io',
    plural: 'virtualservices',
    versions: ['v1', 'v1beta1', 'v1alpha3'],
    scope: 'Namespaced',
  },
  schema: () => schema,
  check: ({ spec, metadata }, problems) => {
    const check: PatternCheck = { problems, budget: new PatternBudget() };
    spec.hosts?.forEach((host, index) => {
      if (host === '*' || isWildcardHost(host)) return;
      problems.add('ISTH0201', ['spec', 'hosts', index], `${quote(host)} is no host name.`);
    });
    spec.http?.forEach((route, index) => {
      checkHttpRoute(route, ['spec', 'http', index], check);
      checkWeights(route.route ?? [], ['spec', 'http', index, 'route'], problems);
    });
    for (const field of ['tls', 'tcp'] as const)
      spec[field]?.forEach(({ route = [] }, index) => {
        checkWeights(route, ['spec', field, index, 'route'], problems);
      });
    checkExportTo(spec.exportTo, metadata.namespace, problems);
  },
  build: ({ spec: { hosts = [], gateways = [], http = [], tls = [], tcp = [], exportTo } }, head) => {
    const named = (list: readonly string[]) => gatewayNames(list, head.metadata.namespace);
    return {
      kind: 'VirtualService',
      ...head,
      spec: {
        hosts: hosts.map(withoutTrailingDot),
        gateways: gateways.length === 0 ? ['mesh'] : named(gateways),
        http: http.map((route) => readHttpRoute(route, named)),
        tls: tls.map((route) => readL4(route, named)),
        tcp: tcp.map((route) => readL4(route, named)),
        ...(exportTo === undefined ? {} : { exportTo }),
      },
    };
  },
});

/** Weights of several destinations of which none has any share lead nowhere. */
function checkWeights(route: readonly DestinationContent[], path: Path, problems: Problems): void {
  if (route.length < 2 || route.some(({ weight = 0 }) => weight > 0)) return;
  problems.add('ISTH0210', path, 'None of several destinations has a weight.', 'Give each destination its weight.');
}

function readL4({ match = [], route = [] }: L4Content, named: NameGateways): L4RouteSpec {
  return { match: match.map((one) => readL4Match(one, named)), route: route.map(readDestination) };
}

function readL4Match(content: L4MatchContent, named: NameGateways): L4RequestMatch {
  const { sniHosts = [], destinationSubnets = [], port, sourceLabels = {}, gateways = [], ...rest } = content;
  return {
    sniHosts,
    destinationSubnets,
    ...(port === undefined ? {} : { port }),
    sourceLabels,
    gateways: named(gateways),
    unread: unreadOf(rest),
  };
}
