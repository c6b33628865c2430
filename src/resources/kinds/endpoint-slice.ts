/** discovery.k8s.io/v1 EndpointSlice: the endpoints of a Service, or of a part of it. */
import { ipFamily } from '../addresses.ts';
import { defineKind } from '../kind-reader.ts';
import { isHostName } from '../kubernetes-names.ts';
import { type Problems, quote } from '../problem.ts';
import type { Infer } from '../schema-language.ts';
import { endpointSliceFields } from '../schemas/kubernetes.ts';
import { objectHead } from '../schemas/object-head.ts';
import type { EndpointSlice } from '../types/kubernetes.ts';

/** An API server writes null for an empty list of endpoints, as of a Service that nothing runs for. */
const schema = {
  type: 'object',
  required: ['metadata', 'addressType'],
  properties: { ...objectHead, ...endpointSliceFields },
} as const;

type Content = Infer<typeof schema>;
type EndpointContent = NonNullable<Content['endpoints']>[number];

const serviceNameLabel = 'kubernetes.io/service-name';

export const endpointSlice = defineKind<Content, EndpointSlice>({
  info: {
    kind: 'EndpointSlice',
    group: 'discovery.k8s.io',
    plural: 'endpointslices',
    versions: ['v1'],
    scope: 'Namespaced',
  },
  schema: () => schema,
  check: checkAddresses,
  build: ({ metadata, addressType, endpoints = [], ports = [] }, head) => ({
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

function checkAddresses({ addressType, endpoints = [] }: Content, problems: Problems): void {
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

/** All that there are, once: a mesh has hundreds of thousands of endpoints. */
const conditionsInUse = [false, true].flatMap((ready) =>
  [false, true].flatMap((serving) =>
    [false, true].map((terminating) => Object.freeze({ ready, serving, terminating })),
  ),
);

function conditionsOf(ready: boolean, serving: boolean, terminating: boolean) {
  const at = (ready ? 4 : 0) + (serving ? 2 : 0) + (terminating ? 1 : 0);
  return conditionsInUse[at] ?? { ready, serving, terminating };
}

function readEndpoint({ addresses, conditions = {}, hostname = '', zone, targetRef }: EndpointContent) {
  const { ready = true, terminating = false } = conditions;
  const { kind, namespace, name } = targetRef ?? {};
  return {
    addresses,
    conditions: conditionsOf(ready, conditions.serving ?? ready, terminating),
    ...(hostname === '' ? {} : { hostname }),
    ...(zone === undefined ? {} : { zone }),
    ...(kind === undefined || name === undefined
      ? {}
      : { targetRef: { kind, name, ...(namespace === undefined ? {} : { namespace }) } }),
  };
}
