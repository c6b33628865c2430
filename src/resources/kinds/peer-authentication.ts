/** security.istio.io PeerAuthentication: which connections workloads take. */
import { defineKind, withOptionalSpec } from '../kind-reader.ts';
import { checkLabels } from '../label-rules.ts';
import { quote } from '../problem.ts';
import type { Infer } from '../schema-language.ts';
import { peerAuthenticationSpec } from '../schemas/istio-security.ts';
import type { PeerAuthentication } from '../types/istio-security.ts';

const schema = withOptionalSpec(peerAuthenticationSpec);

export const peerAuthentication = defineKind<Infer<typeof schema>, PeerAuthentication>({
  info: {
    kind: 'PeerAuthentication',
    group: 'security.istio.io',
    plural: 'peerauthentications',
    versions: ['v1', 'v1beta1'],
    scope: 'Namespaced',
    keepsOut: true,
  },
  schema: () => schema,
  options: { everyFieldRestricts: true },
  check: ({ spec: { selector, portLevelMtls = {} } = {} }, problems) => {
    checkLabels(selector?.matchLabels ?? {}, ['spec', 'selector', 'matchLabels'], problems);
    for (const port of Object.keys(portLevelMtls)) {
      if (/^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65_535) continue;
      problems.add('ISTH0203', ['spec', 'portLevelMtls', port], `${quote(port)} is no number of a port.`);
    }
  },
  build: ({ spec: { selector, mtls, portLevelMtls = {} } = {} }, head) => ({
    kind: 'PeerAuthentication',
    ...head,
    spec: {
      ...(selector === undefined ? {} : { selector: { matchLabels: selector.matchLabels ?? {} } }),
      mtls: mtls?.mode ?? 'UNSET',
      portLevelMtls: Object.entries(portLevelMtls)
        .map(([port, { mode = 'UNSET' }]) => ({ port: Number(port), mtls: mode }))
        .toSorted((a, b) => a.port - b.port),
    },
  }),
});
