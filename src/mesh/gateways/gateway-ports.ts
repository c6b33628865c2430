/**
 * Servers of Istio's Gateways that speak MetaProtocol: for each, the oldest MetaRouter that names the gateway, whose host the
 * server is for, and that has a port of the server's protocol. Plain bytes carry no name by which several hosts of one port
 * could be told apart.
 */
import type { Collection, Context, Index } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { finding, formatObject } from '../../model/finding.ts';
import type { GatewayPort } from '../../model/gateway-port.ts';
import type { Service } from '../../model/service.ts';
import { type Gateway, type GatewayServer, type MetaRouter, resourceKey } from '../../resources/kinds.ts';
import type { ResourceCollections } from '../inputs.ts';
import { about, byAge } from '../resource-order.ts';
import type { DestinationTables } from '../services/destinations.ts';
import { portProtocol } from '../services/port-protocol.ts';
import { findService } from '../services/services.ts';
import { settingsOf } from '../settings.ts';
import { type GatewayServiceTables, isServedAt, isTlsPassedOn, listenedPorts, serverNames } from './gateway-servers.ts';
import { rivalOf, serversByPort, type WrittenServer } from './rival-servers.ts';

type Tables = Pick<DestinationTables, 'settings' | 'services' | 'hosts'> & Omit<GatewayServiceTables, 'byLabel'>;

export function gatewayPorts(
  engine: Engine,
  tables: Tables,
  resources: Pick<ResourceCollections, 'Gateway' | 'MetaRouter' | 'Service'>,
): Collection<GatewayPort> {
  reportUnknownGateways(engine, resources);
  const routers = engine.index('meta routers by gateway', resources.MetaRouter, gatewaysOf);
  const byLabel = engine.index('services by selected label', resources.Service, ({ spec }) =>
    Object.entries(spec.selector ?? {}).map(([key, value]) => `${key}=${value}`),
  );
  const rivals = serversByPort(engine, resources.Gateway);
  return engine.flatMap(
    'gateway ports',
    resources.Gateway,
    (gateway, context) =>
      gateway.spec.servers.flatMap((server, at) =>
        gatewayPort(context, { ...tables, routers, byLabel, rivals }, { gateway, server, at }),
      ),
    { key: (port) => port.key },
  );
}

/** As `<namespace>/<name>`. */
function gatewaysOf({ metadata, spec }: MetaRouter): readonly string[] {
  return (spec.gateways ?? []).map((name) => (name.includes('/') ? name : `${metadata.namespace}/${name}`));
}

function reportUnknownGateways(
  engine: Engine,
  { MetaRouter: routers, Gateway: gateways }: Pick<ResourceCollections, 'Gateway' | 'MetaRouter'>,
): void {
  engine.map('gateways of meta routers', routers, (router, context) => {
    gatewaysOf(router).forEach((named, at) => {
      const [namespace = '', name = ''] = named.split('/');
      if (context.get(gateways, resourceKey('Gateway', namespace, name)) !== undefined) return;
      const message = `There is no Gateway ${named}.`;
      context.report(finding('ISTH0513', { ...about(router), path: `spec.gateways[${at}]`, message }));
    });
    return undefined;
  });
}

interface Indexes extends Tables, GatewayServiceTables {
  /** By `<namespace>/<name>` of the gateway. */
  readonly routers: Index<MetaRouter>;
  readonly rivals: Index<Gateway>;
}

function gatewayPort(context: Context, tables: Indexes, written: WrittenServer): readonly GatewayPort[] {
  const { gateway, server, at } = written;
  const path = `spec.servers[${at}]`;
  const { protocol, problem } = portProtocol(server.port);
  const report = (message: string, remedy: string): readonly GatewayPort[] => {
    context.report(finding('ISTH0714', { ...about(gateway), path, message, remedy }));
    return [];
  };
  const names = serverNames(server);
  if (problem !== undefined) return report(`${problem}.`, 'Write tcp-metaprotocol-PROTOCOL.');
  if (protocol.kind !== 'metaprotocol') return [];
  if (isTlsPassedOn(server)) {
    return report(
      'Requests inside TLS that is passed on cannot be read.',
      'End TLS at the gateway (mode SIMPLE or MUTUAL).',
    );
  }
  const { namespace, name } = gateway.metadata;
  const number = server.port.number;
  const rival = rivalOf(context, tables.rivals, written);
  if (rival !== undefined) {
    return report(
      `Port ${number} is that of spec.servers[${rival.at}] of ${formatObject(about(rival.gateway).object)} as well: what reads the one would read the other.`,
      'Give it a port of its own, or end TLS at the gateway for hosts that are named, without *.',
    );
  }
  const candidates = context
    .lookup(tables.routers, `${namespace}/${name}`)
    .toSorted(byAge)
    .flatMap((router) => target(context, tables, router, server, namespace, protocol.application));
  const [first, ...others] = candidates;
  if (first === undefined) {
    return report(
      `No MetaRouter that names the gateway leads to a port of ${protocol.application}.`,
      `Name ${namespace}/${name} in spec.gateways of the MetaRouter whose host it is for.`,
    );
  }
  for (const { router } of others) {
    const message = `At port ${number} of ${formatObject(about(gateway).object)}, ${formatObject(about(first.router).object)} is in force instead.`;
    context.report(finding('ISTH0501', { ...about(router), path: 'spec.gateways', message }));
  }
  const { service, servicePort, router } = first;
  return [
    {
      key: [`${namespace}/${name}|${number}`, ...(names ?? [])].join('|'),
      namespace,
      gateway: name,
      selector: gateway.spec.selector,
      number,
      ...(names === undefined ? {} : { serverNames: names }),
      listened: listenedPorts(context, tables, gateway.spec.selector, number),
      service: service.key,
      host: service.host,
      servicePort,
      origin: about(router),
    },
  ];
}

interface GatewayTarget {
  readonly router: MetaRouter;
  readonly service: Service;
  readonly servicePort: number;
}

/** The service's port of the same number, else its only one of the protocol. */
function target(
  context: Context,
  tables: Tables,
  router: MetaRouter,
  server: GatewayServer,
  gatewayNamespace: string,
  application: string,
): readonly GatewayTarget[] {
  const { clusterDomain } = settingsOf(context, tables.settings);
  return router.spec.hosts.flatMap((written) => {
    const key = findService(context, tables.hosts, written, router.metadata.namespace, clusterDomain);
    const service = key === undefined ? undefined : context.get(tables.services, key);
    if (service === undefined || !isServedAt(server, service.host, gatewayNamespace)) return [];
    const ports = service.ports.filter(
      ({ protocol }) => protocol.kind === 'metaprotocol' && protocol.application === application,
    );
    const [only, ...more] = ports;
    const port = ports.find(({ number }) => number === server.port.number) ?? (more.length === 0 ? only : undefined);
    return port === undefined ? [] : [{ router, service, servicePort: port.number }];
  });
}
