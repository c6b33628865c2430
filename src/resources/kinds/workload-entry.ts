import { defineKind, withSpec } from '../kind-reader.ts';
import type { Infer } from '../schema-language.ts';
import { workloadEntrySpec } from '../schemas/workload.ts';
import type { WorkloadEntry } from '../types/istio.ts';
import { checkWorkload, checkWorkloadAddress } from '../workload-rules.ts';

const schema = withSpec(workloadEntrySpec);

export const workloadEntry = defineKind<Infer<typeof schema>, WorkloadEntry>({
  info: {
    kind: 'WorkloadEntry',
    group: 'networking.istio.io',
    plural: 'workloadentries',
    versions: ['v1', 'v1beta1', 'v1alpha3'],
    scope: 'Namespaced',
  },
  schema: () => schema,
  check: ({ spec }, problems) => {
    checkWorkloadAddress(spec, ['spec'], problems);
    checkWorkload(spec, ['spec'], problems);
  },
  build: ({ spec }, head) => ({ kind: 'WorkloadEntry', ...head, spec }),
});
