/** networking.istio.io Gateway: what a gateway's Pods listen for. */
import { defineKind, withSpec } from '../kind-reader.ts';
import { checkLabels } from '../label-rules.ts';
import type { Infer } from '../schema-language.ts';
import { gatewaySpec } from '../schemas/istio-traffic.ts';
import type { Gateway, GatewayServer } from '../types/istio-traffic.ts';
import { unreadOf } from './unread-fields.ts';

const schema = withSpec(gatewaySpec);
type ServerContent = NonNullable<Infer<typeof gatewaySpec>['servers']>[number];

export const gateway = defineKind<Infer<typeof schema>, Gateway>({
  info: {
    kind: 'Gateway',
    group: 'networking.istio.io',
    plural: 'gateways',
    versions: ['v1', 'v1beta1', 'v1alpha3'],
    scope: 'Namespaced',
  },
  schema: () => schema,
  check: ({ spec: { selector = {}, servers = [] } }, problems) => {
    checkLabels(selector, ['spec', 'selector'], problems);
    if (servers.length === 0) problems.add('ISTH0224', ['spec', 'servers'], 'There are no servers.');
  },
  build: ({ spec: { selector = {}, servers = [] } }, head) => ({
    kind: 'Gateway',
    ...head,
    spec: { selector, servers: servers.map(readServer) },
  }),
});

function readServer({ port, bind = '', hosts, tls, ...rest }: ServerContent): GatewayServer {
  const { number, protocol, name } = port;
  return {
    port: { number, protocol, name },
    ...(bind === '' ? {} : { bind }),
    hosts,
    ...(tls === undefined ? {} : { tls }),
    unread: unreadOf(rest),
  };
}
