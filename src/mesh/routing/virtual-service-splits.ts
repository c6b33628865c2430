/**
 * What a VirtualService says of where a service's requests and connections go: HTTP ports by its http routes, all others by
 * its tcp routes. It is given as splits, which proxies of ours carry out.
 *
 * A part that cannot be honoured is reported. What asks for something that cannot be seen is for no request, for the rest of
 * it alone would be for more than was meant; and what satisfies no http route is refused, as Istio does.
 */
import type { Collection, Context } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { finding } from '../../model/finding.ts';
import type { HttpTreatment } from '../../model/http-treatment.ts';
import type { Destination, Mirror, WeightedDestination } from '../../model/route.ts';
import { isEveryRequest, type RoutedRequest } from '../../model/routed-request.ts';
import { isHttp, type Service, type ServiceKey, type ServicePort } from '../../model/service.ts';
import type { PortSplit, ServiceSplits, SplitRoute } from '../../model/traffic-split.ts';
import type { HttpRequestMatch, HttpRouteSpec, VirtualDestination, VirtualService } from '../../resources/kinds.ts';
import { about } from '../resource-order.ts';
import { type DestinationTables, findDestination } from '../services/destinations.ts';
import { findService } from '../services/services.ts';
import { settingsOf } from '../settings.ts';
import { headerChanges } from './header-changes.ts';
import { httpTreatment } from './http-treatments.ts';
import { routedRequest, unseenParts } from './routed-requests.ts';
import { isForMesh, type RuleInForce } from './virtual-services.ts';

type L4RouteSpec = VirtualService['spec']['tcp'][number];
type WeightedDestinationSpec = HttpRouteSpec['route'][number];

interface Tables extends DestinationTables {
  readonly inForce: Collection<RuleInForce>;
  /** Those of TrafficSplits. */
  readonly trafficSplits: Collection<ServiceSplits>;
}

/** By service key; none for a service whose VirtualService says nothing of its ports. */
export function virtualServiceSplits(engine: Engine, tables: Tables): Collection<ServiceSplits> {
  return engine.map('virtual service splits', tables.services, (service, context) => {
    const rule = context.get(tables.inForce, service.key)?.rule;
    if (rule === undefined) return undefined;
    const reading = new RuleReading(rule, context, tables);
    const ports = service.ports.flatMap((port): readonly [number, PortSplit][] => {
      const split = isHttp(port.protocol) ? reading.requests(port) : reading.connections(port);
      return split.length === 0 ? [] : [[port.number, split]];
    });
    if (ports.length === 0) return undefined;
    reportOverruled(service, context, tables);
    const backends = reading.backends.filter((key) => key !== service.key);
    return { key: service.key, ports: Object.fromEntries(ports), backends: [...new Set(backends)].sort() };
  });
}

/** Whoever writes routes for a host says all of where its requests go. */
function reportOverruled({ key, host }: Service, context: Context, { trafficSplits }: Tables): void {
  const splits = Object.values(context.get(trafficSplits, key)?.ports ?? {}).flat();
  for (const { origin } of splits) {
    const message = `A VirtualService says where what is sent to ${host} goes.`;
    context.report(finding('ISTH1337', { ...origin, path: 'spec.service', message }));
  }
}

class RuleReading {
  readonly #rule: VirtualService;
  readonly #context: Context;
  readonly #tables: Tables;
  readonly #backends: ServiceKey[] = [];

  constructor(rule: VirtualService, context: Context, tables: Tables) {
    this.#rule = rule;
    this.#context = context;
    this.#tables = tables;
  }

  /** Services that were destinations so far. */
  get backends(): readonly ServiceKey[] {
    return this.#backends;
  }

  requests(port: ServicePort): PortSplit {
    const { http } = this.#rule.spec;
    const routes = http.flatMap((spec, at) => this.#httpRoute(spec, port, `spec.http[${at}]`));
    const last = routes.findIndex(({ requests }) => requests === 'any');
    if (last !== -1) return routes.slice(0, last + 1);
    return http.length === 0 ? [] : [...routes, { origin: about(this.#rule), requests: 'any', destinations: [] }];
  }

  /** The first route that is for the port decides: of a connection nothing else is known. */
  connections(port: ServicePort): PortSplit {
    const { tcp, tls } = this.#rule.spec;
    if (tls.length > 0) this.#unhonoured('spec.tls', ['tls']);
    const at = tcp.findIndex((spec, index) => this.#isForPort(spec, port, `spec.tcp[${index}]`));
    const spec = tcp[at];
    if (spec === undefined) return [];
    return [this.#route('any', spec.route, port, `spec.tcp[${at}]`)];
  }

  #httpRoute(spec: HttpRouteSpec, port: ServicePort, path: string): readonly SplitRoute[] {
    const { match, unread } = spec;
    const meant = match.filter((one) => (one.port ?? port.number) === port.number && isForMesh(one.gateways));
    if (match.length > 0 && meant.length === 0) return [];
    if (unread.length > 0) this.#unhonoured(path, unread);
    const conditions = meant.flatMap((one) => this.#condition(one, `${path}.match[${match.indexOf(one)}]`));
    const isForAll = match.length === 0 || conditions.some(isEveryRequest);
    if (!isForAll && conditions.length === 0) return [];
    return [this.#httpAction(isForAll ? 'any' : conditions, spec, port, path)];
  }

  #httpAction(requests: SplitRoute['requests'], spec: HttpRouteSpec, port: ServicePort, path: string): SplitRoute {
    const mirrors = spec.mirrors.map((mirror): Mirror => {
      const destination = this.#find(mirror.destination, port, `${path}.${mirror.path}`);
      return { destination, percentage: mirror.percentage };
    });
    const unheeded = (part: string) => this.#unhonoured(path, [part]);
    const http = httpTreatment(spec, port.number, mirrors, unheeded);
    if (http.answer !== undefined) return { origin: about(this.#rule), path, requests, destinations: [], http };
    return this.#route(requests, spec.route, port, path, http);
  }

  #route(
    requests: SplitRoute['requests'],
    written: readonly WeightedDestinationSpec[],
    port: ServicePort,
    path: string,
    http?: HttpTreatment,
  ): SplitRoute {
    const destinations = written.flatMap((spec, at) =>
      this.#destination(spec, written.length === 1, port, `${path}.route[${at}]`),
    );
    if (destinations.length === 0) {
      const message = 'It has no destination with a weight: what it is for is refused.';
      this.#context.report(finding('ISTH0509', { ...about(this.#rule), path, message }));
    }
    return { origin: about(this.#rule), path, requests, destinations, ...(http === undefined ? {} : { http }) };
  }

  #destination(
    { destination: wanted, weight, headers, unread }: WeightedDestinationSpec,
    isOnly: boolean,
    port: ServicePort,
    path: string,
  ): readonly WeightedDestination[] {
    const missed = headers === undefined || isHttp(port.protocol) ? unread : [...unread, 'headers'];
    if (missed.length > 0) this.#unhonoured(path, missed);
    const share = isOnly ? 100 : (weight ?? 0);
    if (share === 0) return [];
    const changes =
      headers === undefined || missed.includes('headers')
        ? undefined
        : headerChanges(headers, (part) => this.#unhonoured(path, [`headers.${part}`]));
    const destination = this.#find(wanted, port, `${path}.destination`);
    const key = this.#serviceKey(wanted.host);
    if (key !== undefined) this.#backends.push(key);
    return [{ destination, weight: share, ...(changes === undefined ? {} : { headers: changes }) }];
  }

  /** A service with one port alone is meant by it, whichever is routed. */
  #find({ host, subset, port: written }: VirtualDestination, { number }: ServicePort, path: string): Destination {
    const key = this.#serviceKey(host);
    const ports = (key === undefined ? undefined : this.#context.get(this.#tables.services, key))?.ports ?? [];
    const [only] = ports.length === 1 ? ports : [];
    const spec = {
      host,
      ...(subset === undefined ? {} : { subset }),
      ...(written === undefined ? {} : { port: { number: written } }),
    };
    return findDestination(this.#context, this.#tables, this.#rule, spec, only?.number ?? number, path).destination;
  }

  #serviceKey(host: string): ServiceKey | undefined {
    const { namespace } = this.#rule.metadata;
    const { clusterDomain } = settingsOf(this.#context, this.#tables.settings);
    return findService(this.#context, this.#tables.hosts, host, namespace, clusterDomain);
  }

  #condition(match: HttpRequestMatch, path: string): readonly RoutedRequest[] {
    const unseen = unseenParts(match);
    if (unseen.length > 0) this.#unhonoured(path, [...unseen, ...match.unread]);
    else if (match.unread.length > 0) this.#unhonoured(path, match.unread);
    const condition = unseen.length > 0 ? undefined : routedRequest(match);
    return condition === undefined ? [] : [condition];
  }

  #isForPort({ match }: L4RouteSpec, { number }: ServicePort, path: string): boolean {
    if (match.length === 0) return true;
    return match.some((one, at) => {
      if ((one.port ?? number) !== number || !isForMesh(one.gateways)) return false;
      const unseen = [
        ...one.unread,
        ...(Object.keys(one.sourceLabels).length === 0 ? [] : ['sourceLabels']),
        ...(one.destinationSubnets.length === 0 ? [] : ['destinationSubnets']),
      ];
      if (unseen.length > 0) this.#unhonoured(`${path}.match[${at}]`, unseen);
      return unseen.length === 0;
    });
  }

  #unhonoured(path: string, parts: readonly string[]): void {
    const message = `Proxies of ours do not heed ${parts.join(', ')}.`;
    this.#context.report(finding('ISTH0514', { ...about(this.#rule), path, message }));
  }
}
