/** specs.smi-spec.io TCPRoute and UDPRoute: ports of a workload, which only v1alpha4 can name. */
import { readCrdSchema } from '../crd-files.ts';
import type { CheckedObject } from '../kind-reader.ts';
import { type Conversion, defineVersion, defineVersionedKind } from '../kind-versions.ts';
import { forEachRepetition } from '../repetition.ts';
import type { TCPRoute, UDPRoute } from '../types/smi.ts';

interface Content extends CheckedObject {
  readonly spec?: { readonly matches?: { readonly ports?: readonly number[] } };
}

type Spec = TCPRoute['spec'];

const version = (crd: 'tcp-route' | 'udp-route', name: string) =>
  defineVersion({
    version: name,
    schema: () => readCrdSchema(crd, name),
    options: { everyFieldRestricts: true },
    convert: readPorts,
  });

export const tcpRoute = defineVersionedKind<TCPRoute>({
  info: { kind: 'TCPRoute', group: 'specs.smi-spec.io', plural: 'tcproutes', scope: 'Namespaced' },
  versions: ['v1alpha4', 'v1alpha3', 'v1alpha2', 'v1alpha1'].map((name) => version('tcp-route', name)),
  build: (spec, head) => ({ kind: 'TCPRoute', ...head, spec }),
});

export const udpRoute = defineVersionedKind<UDPRoute>({
  info: { kind: 'UDPRoute', group: 'specs.smi-spec.io', plural: 'udproutes', scope: 'Namespaced' },
  versions: [version('udp-route', 'v1alpha4')],
  build: (spec, head) => ({ kind: 'UDPRoute', ...head, spec }),
});

function readPorts({ spec }: Content, { problems }: Conversion): Spec {
  const ports = spec?.matches?.ports ?? [];
  forEachRepetition(
    ports,
    (port) => port,
    (port, index) => {
      problems.add('ISTH0216', ['spec', 'matches', 'ports', index], `Port ${port} is named already.`);
    },
  );
  return { ports: [...new Set(ports)] };
}
