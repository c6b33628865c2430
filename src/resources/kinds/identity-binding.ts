/**
 * access.smi-spec.io IdentityBinding: the syntax of names and ids. SMI's text prints a selector of pods beside a service
 * account: any one of the schemes is enough, so that those which can be resolved hold, and the others are nobody.
 */
import { readCrdSchema } from '../crd-files.ts';
import { type CheckedObject, defineKind } from '../kind-reader.ts';
import { isDnsSubdomain } from '../kubernetes-names.ts';
import { checkLabels } from '../label-rules.ts';
import { type Problems, quote } from '../problem.ts';
import { readSpiffeId } from '../spiffe-ids.ts';
import type { IdentityBinding } from '../types/smi.ts';

type Labels = Readonly<Record<string, string>>;

interface Schemes {
  readonly podLabelSelector?: { readonly matchLabels: Labels };
  /** The hub holds the first: pods are not known, and who has one selector is told so, however many there are. */
  readonly podLabelSelectors?: readonly { readonly matchLabels: Labels }[];
  readonly spiffeIdentities?: readonly string[];
  readonly serviceAccount?: string;
}

interface Content extends CheckedObject {
  readonly spec: { readonly schemes: Schemes };
}

export const identityBinding = defineKind<Content, IdentityBinding>({
  info: {
    kind: 'IdentityBinding',
    group: 'access.smi-spec.io',
    plural: 'identitybindings',
    versions: ['v1alpha4'],
    scope: 'Namespaced',
  },
  schema: () => readCrdSchema('identity-binding'),
  options: { everyFieldRestricts: true },
  check: ({ spec }, problems) => {
    checkSchemes(spec.schemes, problems);
  },
  build: ({ spec: { schemes } }, head) => {
    const { spiffeIdentities = [], serviceAccount } = schemes;
    const podLabels = selectorOf(schemes);
    return {
      kind: 'IdentityBinding',
      ...head,
      spec: {
        ...(podLabels === undefined ? {} : { podLabels }),
        spiffeIdentities: [...new Set(spiffeIdentities.flatMap((text) => readSpiffeId(text) ?? []))],
        ...(serviceAccount === undefined ? {} : { serviceAccount }),
      },
    };
  },
});

function selectorOf({ podLabelSelector, podLabelSelectors = [] }: Schemes): Labels | undefined {
  return podLabelSelector?.matchLabels ?? podLabelSelectors[0]?.matchLabels;
}

function checkSchemes(schemes: Schemes, problems: Problems): void {
  const path = ['spec', 'schemes'];
  const { podLabelSelector, podLabelSelectors = [], spiffeIdentities = [], serviceAccount } = schemes;
  if (podLabelSelector !== undefined) {
    checkLabels(podLabelSelector.matchLabels, [...path, 'podLabelSelector', 'matchLabels'], problems);
  }
  podLabelSelectors.forEach(({ matchLabels }, index) => {
    checkLabels(matchLabels, [...path, 'podLabelSelectors', index, 'matchLabels'], problems);
  });
  spiffeIdentities.forEach((text, index) => {
    if (readSpiffeId(text) !== undefined) return;
    problems.add('ISTH0227', [...path, 'spiffeIdentities', index], `${quote(text)} is no SPIFFE id of a workload.`);
  });
  if (serviceAccount !== undefined && !isDnsSubdomain(serviceAccount)) {
    problems.add('ISTH0220', [...path, 'serviceAccount'], `${quote(serviceAccount)} is no name of a ServiceAccount.`);
  }
  if (selectorOf(schemes) === undefined && spiffeIdentities.length === 0 && serviceAccount === undefined) {
    problems.add('ISTH0224', path, 'Nobody is meant: no scheme is given.');
  }
}
