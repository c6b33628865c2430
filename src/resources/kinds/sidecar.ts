/** networking.istio.io Sidecar: which hosts workloads may call, and so which they are told of. */
import { defineKind, withSpec } from '../kind-reader.ts';
import { checkLabels } from '../label-rules.ts';
import { quote } from '../problem.ts';
import type { Infer } from '../schema-language.ts';
import { sidecarSpec } from '../schemas/istio-traffic.ts';
import type { Sidecar } from '../types/istio-traffic.ts';
import { unreadOf } from './unread-fields.ts';

const schema = withSpec(sidecarSpec);
type EgressContent = NonNullable<Infer<typeof sidecarSpec>['egress']>[number];

export const sidecar = defineKind<Infer<typeof schema>, Sidecar>({
  info: {
    kind: 'Sidecar',
    group: 'networking.istio.io',
    plural: 'sidecars',
    versions: ['v1', 'v1beta1', 'v1alpha3'],
    scope: 'Namespaced',
  },
  schema: () => schema,
  check: ({ spec: { workloadSelector, egress = [] } }, problems) => {
    checkLabels(workloadSelector?.labels ?? {}, ['spec', 'workloadSelector', 'labels'], problems);
    egress.forEach(({ hosts }, index) => {
      hosts.forEach((host, at) => {
        if (/^[^/]+\/[^/]+$/.test(host)) return;
        const path = ['spec', 'egress', index, 'hosts', at];
        problems.add('ISTH0201', path, `${quote(host)} names no host of a namespace.`, 'Write <namespace>/<host>.');
      });
    });
  },
  build: ({ spec: { workloadSelector, egress = [], ...rest } }, head) => ({
    kind: 'Sidecar',
    ...head,
    spec: {
      ...(workloadSelector === undefined ? {} : { workloadSelector: { labels: workloadSelector.labels ?? {} } }),
      egress: egress.map(readEgress),
      unread: unreadOf(rest),
    },
  }),
});

function readEgress({ port, hosts, ...rest }: EgressContent): Sidecar['spec']['egress'][number] {
  const { number = 0 } = port ?? {};
  return { ...(number === 0 ? {} : { port: number }), hosts, unread: unreadOf(rest) };
}
