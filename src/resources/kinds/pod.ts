/** core/v1 Pod: what a mesh has to know of a workload, and nothing of how it is run. */
import { ipFamily } from '../addresses.ts';
import { defineKind } from '../kind-reader.ts';
import type { Infer } from '../schema-language.ts';
import { podSpec, podStatus } from '../schemas/kubernetes.ts';
import { objectHead } from '../schemas/object-head.ts';
import type { Pod } from '../types/kubernetes.ts';

const schema = {
  type: 'object',
  required: ['metadata'],
  properties: { ...objectHead, spec: podSpec, status: podStatus },
} as const;

export const pod = defineKind<Infer<typeof schema>, Pod>({
  info: { kind: 'Pod', group: '', plural: 'pods', versions: ['v1'], scope: 'Namespaced' },
  schema: () => schema,
  build: ({ spec: { serviceAccountName = '', hostNetwork = false } = {}, status = {} }, head) => {
    const { phase = 'Unknown', podIP, podIPs = [], conditions = [] } = status;
    const ips = podIPs.flatMap(({ ip }) => ip ?? []);
    return {
      kind: 'Pod',
      ...head,
      spec: {
        // An API server's own default.
        serviceAccount: serviceAccountName === '' ? 'default' : serviceAccountName,
        hostNetwork,
        ips: (ips.length === 0 && podIP !== undefined ? [podIP] : ips).filter((ip) => ipFamily(ip) !== 0),
        phase,
        ready: conditions.some(({ type, status: value }) => type === 'Ready' && value === 'True'),
      },
    };
  },
});
