/** DestinationRule: every published field is taken; those that nothing reads yet are named in one finding. */

import { defineKind, withSpec } from '../kind-reader.ts';
import { isMixedCaseLabel, isWildcardHost, withoutTrailingDot } from '../kubernetes-names.ts';
import { checkLabels } from '../label-rules.ts';
import { type Problems, quote } from '../problem.ts';
import { forEachRepetition } from '../repetition.ts';
import type { Infer } from '../schema-language.ts';
import { destinationRuleSpec } from '../schemas/destination-rule.ts';
import type { DestinationRule } from '../types/istio.ts';
import { reportUnused } from '../unused-fields.ts';
import { checkExportTo } from '../visibility-rules.ts';
import { checkTrafficPolicy, readTrafficPolicy, unusedInPolicy } from './traffic-policy.ts';

const schema = withSpec(destinationRuleSpec);
type Content = Infer<typeof destinationRuleSpec>;

const unused = [
  ...['trafficPolicy', 'trafficPolicy.portLevelSettings.*', 'subsets.*.trafficPolicy'].flatMap((policy) =>
    unusedInPolicy.map((field) => `${policy}.${field}`),
  ),
  'subsets.*.trafficPolicy.portLevelSettings',
  'workloadSelector',
];

export const destinationRule = defineKind<Infer<typeof schema>, DestinationRule>({
  info: {
    kind: 'DestinationRule',
    group: 'networking.istio.io',
    plural: 'destinationrules',
    versions: ['v1', 'v1beta1', 'v1alpha3'],
    scope: 'Namespaced',
  },
  schema: () => schema,
  check: ({ spec, metadata }, problems) => {
    if (spec.host !== '*' && !isWildcardHost(spec.host)) {
      problems.add('ISTH0201', ['spec', 'host'], `${quote(spec.host)} is no host name.`);
    }
    if (spec.trafficPolicy !== undefined) checkTrafficPolicy(spec.trafficPolicy, ['spec', 'trafficPolicy'], problems);
    checkSubsets(spec.subsets ?? [], problems);
    checkExportTo(spec.exportTo, metadata.namespace, problems);
    reportUnused(spec, unused, problems);
  },
  build: ({ spec }, head) => {
    const { host, trafficPolicy, subsets, ...rest } = spec;
    return {
      kind: 'DestinationRule',
      ...head,
      spec: {
        ...rest,
        host: withoutTrailingDot(host),
        ...(trafficPolicy === undefined ? {} : { trafficPolicy: readTrafficPolicy(trafficPolicy) }),
        ...(subsets === undefined ? {} : { subsets: subsets.map(readSubset) }),
      },
    };
  },
});

type SubsetContent = NonNullable<Content['subsets']>[number];

function checkSubsets(subsets: readonly SubsetContent[], problems: Problems): void {
  subsets.forEach(({ name, labels, trafficPolicy }, index) => {
    const path = ['spec', 'subsets', index];
    if (!isMixedCaseLabel(name)) problems.add('ISTH0204', [...path, 'name'], `${quote(name)} is no subset's name.`);
    if (labels !== undefined) checkLabels(labels, [...path, 'labels'], problems);
    if (trafficPolicy !== undefined) checkTrafficPolicy(trafficPolicy, [...path, 'trafficPolicy'], problems);
  });
  forEachRepetition(
    subsets,
    (subset) => subset.name,
    ({ name }, index, first) => {
      problems.add(
        'ISTH0218',
        ['spec', 'subsets', index, 'name'],
        `${quote(name)} is the name of subsets[${first}] too.`,
      );
    },
  );
}

function readSubset({ trafficPolicy, ...subset }: SubsetContent) {
  return { ...subset, ...(trafficPolicy === undefined ? {} : { trafficPolicy: readTrafficPolicy(trafficPolicy) }) };
}
