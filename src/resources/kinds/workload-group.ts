import { defineKind, withSpec } from '../kind-reader.ts';
import { checkLabels } from '../label-rules.ts';
import type { Infer } from '../schema-language.ts';
import { workloadGroupSpec } from '../schemas/workload.ts';
import type { WorkloadGroup } from '../types/istio.ts';
import { reportUnused } from '../unused-fields.ts';
import { checkWorkload } from '../workload-rules.ts';

const schema = withSpec(workloadGroupSpec);

export const workloadGroup = defineKind<Infer<typeof schema>, WorkloadGroup>({
  info: {
    kind: 'WorkloadGroup',
    group: 'networking.istio.io',
    plural: 'workloadgroups',
    versions: ['v1', 'v1beta1', 'v1alpha3'],
    scope: 'Namespaced',
  },
  schema: () => schema,
  check: ({ spec }, problems) => {
    const { template, metadata } = spec;
    if (template.address !== undefined && template.address !== '') {
      const message = 'A template stands for many workloads and has no address.';
      problems.add('ISTH0206', ['spec', 'template', 'address'], message, 'Remove the address.');
    }
    checkWorkload(template, ['spec', 'template'], problems);
    if (metadata?.labels !== undefined) checkLabels(metadata.labels, ['spec', 'metadata', 'labels'], problems);
    reportUnused(spec, ['probe'], problems);
  },
  build: ({ spec }, head) => ({ kind: 'WorkloadGroup', ...head, spec }),
});
