/** discovery.k8s.io/v1 EndpointSlice: the endpoints of a Service, or of a part of it. */
import { ipFamily } from '../addresses.ts';
import { defineKind } from '../kind-reader.ts';
import { isHostName } from '../kubernetes-names.ts';
import { type Problems, quote } from '../problem.ts';
import type { Infer } from '../schema-language.ts';
import { endpointSliceFields } from '../schemas/kubernetes.ts';
import { objectHead } from '../schemas/object-head.ts';

const schema = {
  type: 'object',
  required: ['metadata', 'addressType', 'endpoints'],
  properties: { ...objectHead, ...endpointSliceFields },
} as const;

type Content = Infer<typeof schema>;
type EndpointContent = Content['endpoints'][number];

const serviceNameLabel = 'kubernetes.io/service-name';

export const endpointSlice = defineKind<Content>({
  info: { kind: 'EndpointSlice', group: 'discovery.k8s.io', versions: ['v1'], scope: 'Namespaced' },
  schema: () => schema,
  check: checkAddresses,
  build: ({ metadata, addressType, endpoints, ports = [] }, head) => ({
    kind: 'EndpointSlice',
    ...head,
    spec: {
      addressType,
      serviceName: metadata.labels?.[serviceNameLabel] ?? '',
      endpoints: endpoints.map(readEndpoint),
      // A port without a number stands for all ports of an address, which no listener can be made from.
      ports: ports.flatMap(({ name = '', port, protocol = 'TCP', appProtocol }) =>
        port === undefined ? [] : [{ name, port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }],
      ),
    },
  }),
});

function checkAddresses({ addressType, endpoints }: Content, problems: Problems): void {
  endpoints.forEach(({ addresses }, endpoint) => {
    addresses.forEach((address, index) => {
      if (isAddressOf(addressType, address)) return;
      const path = ['endpoints', endpoint, 'addresses', index];
      problems.add('ISTH0202', path, `${quote(address)} is no address of type ${addressType}.`);
    });
  });
}

function isAddressOf(type: Content['addressType'], address: string): boolean {
  if (type === 'FQDN') return isHostName(address);
  return ipFamily(address) === (type === 'IPv4' ? 4 : 6);
}

function readEndpoint({ addresses, conditions = {}, hostname = '', zone, nodeName, targetRef }: EndpointContent) {
  const { ready = true, terminating = false } = conditions;
  const { kind, namespace, name } = targetRef ?? {};
  return {
    addresses,
    conditions: { ready, serving: conditions.serving ?? ready, terminating },
    ...(hostname === '' ? {} : { hostname }),
    ...(zone === undefined ? {} : { zone }),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(kind === undefined || name === undefined
      ? {}
      : { targetRef: { kind, name, ...(namespace === undefined ? {} : { namespace }) } }),
  };
}
