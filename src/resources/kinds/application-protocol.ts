import { defineKind, withSpec } from '../kind-reader.ts';
import { quote } from '../problem.ts';
import type { Infer } from '../schema-language.ts';
import { applicationProtocolSpec } from '../schemas/application-protocol.ts';
import type { ApplicationProtocol } from '../types/aeraki.ts';

const schema = withSpec(applicationProtocolSpec);

export const applicationProtocol = defineKind<Infer<typeof schema>, ApplicationProtocol>({
  // Cluster-wide in Aeraki's k8s/crd.yaml, namespaced in its Helm chart.
  info: {
    kind: 'ApplicationProtocol',
    group: 'metaprotocol.aeraki.io',
    plural: 'applicationprotocols',
    versions: ['v1alpha1'],
    scope: 'Either',
  },
  schema: () => schema,
  check: ({ spec }, problems) => {
    // Port names are cut at hyphens, and hold nothing but letters, digits and hyphens.
    if (!/^[A-Za-z0-9]+$/.test(spec.protocol)) {
      const message = `${quote(spec.protocol)} cannot stand in a port name: tcp-metaprotocol-<protocol>.`;
      problems.add('ISTH0219', ['spec', 'protocol'], message);
    }
  },
  build: ({ spec }, head) => ({
    kind: 'ApplicationProtocol',
    ...head,
    spec: { protocol: spec.protocol, codec: spec.codec },
  }),
});
