/**
 * What an API server has to be told of our webhooks, derived from the kinds that have to be asked about. The chart has the same
 * for people (test/golden/webhooks.test.ts holds it to this); here the server is sent to loopback in place of a Service.
 */
import { validatedKinds } from '../../../src/resources/kind-table.ts';

const ignored = { key: 'isthmus.dev/ignore', operator: 'NotIn', values: ['true'] };
const revisionKey = 'isthmus.dev/rev';

export interface WebhookPlace {
  readonly revision: string;
  readonly systemNamespace: string;
  /** Of a webhook, by its path. */
  readonly clientConfig: (path: string) => object;
}

/** Objects of ours, or of nobody. */
const ownObjects = (revision: string) => [
  {
    name: 'of-this-revision',
    expression: `!has(object.metadata.labels) || !('${revisionKey}' in object.metadata.labels) || object.metadata.labels['${revisionKey}'] == '${revision}'`,
  },
];

function nameOf(revision: string): string {
  return revision === 'default' ? 'isthmus' : `isthmus-${revision}`;
}

function labelsOf(revision: string): object {
  return { 'isthmus.dev/control-plane': revision };
}

/** A selector can say one of two values, and not "none or this one": so there are two. */
export function validatingConfiguration({ revision, clientConfig }: WebhookPlace): object {
  const groups = [...new Set(validatedKinds.map(({ group }) => group))].sort();
  const rules = (scope: string) =>
    groups.map((group) => {
      const kinds = validatedKinds.filter((kind) => kind.group === group);
      return {
        apiGroups: [group],
        apiVersions: [...new Set(kinds.flatMap(({ versions }) => versions))].sort(),
        operations: ['CREATE', 'UPDATE'],
        resources: kinds.map(({ plural }) => plural).sort(),
        scope,
      };
    });
  const webhook = (name: string, scope: string, ofNamespace: object) => ({
    name: `${name}.isthmus.dev`,
    admissionReviewVersions: ['v1'],
    clientConfig: clientConfig('/validate'),
    failurePolicy: 'Ignore',
    matchPolicy: 'Equivalent',
    sideEffects: 'None',
    timeoutSeconds: 3,
    rules: rules(scope),
    namespaceSelector: { matchExpressions: [ignored, ofNamespace] },
    matchConditions: ownObjects(revision),
  });
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: nameOf(revision), labels: labelsOf(revision) },
    webhooks: [
      webhook('validation', '*', { key: revisionKey, operator: 'DoesNotExist' }),
      webhook('validation-of-revision', 'Namespaced', { key: revisionKey, operator: 'In', values: [revision] }),
    ],
  };
}

/** Which Pods are asked about: those of namespaces that are labelled so, and those that are labelled so themselves. */
export function mutatingConfiguration({ revision, systemNamespace, clientConfig }: WebhookPlace): object {
  const system = ['kube-node-lease', 'kube-public', 'kube-system', systemNamespace];
  const outside = { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: system };
  const ofNamespaces = { key: 'isthmus.dev/inject', operator: 'In', values: ['true', 'enabled'] };
  const ofOthers = { ...ofNamespaces, operator: 'NotIn' };
  const webhook = (name: string, ofNamespace: readonly object[], ofPod: object) => ({
    name: `${name}.isthmus.dev`,
    admissionReviewVersions: ['v1'],
    clientConfig: clientConfig('/inject'),
    failurePolicy: 'Fail',
    matchPolicy: 'Equivalent',
    reinvocationPolicy: 'IfNeeded',
    sideEffects: 'None',
    timeoutSeconds: 5,
    rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'], scope: 'Namespaced' }],
    namespaceSelector: { matchExpressions: [outside, ignored, ...ofNamespace] },
    objectSelector: { matchExpressions: [ofPod] },
    matchConditions: ownObjects(revision),
  });
  const unlessRefused = { key: 'isthmus.dev/inject', operator: 'NotIn', values: ['false', 'disabled'] };
  const ifAsked = { key: 'isthmus.dev/inject', operator: 'In', values: ['true', 'enabled'] };
  const ofRevision = { key: revisionKey, operator: 'In', values: [revision] };
  const ofNone = { key: revisionKey, operator: 'DoesNotExist' };
  const pair = (suffix: string, ofNamespace: object) => [
    webhook(`injection-by-namespace${suffix}`, [ofNamespaces, ofNamespace], unlessRefused),
    webhook(`injection-by-pod${suffix}`, [ofOthers, ofNamespace], ifAsked),
  ];
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: nameOf(revision), labels: labelsOf(revision) },
    // A Pod has one proxy: where no revision is named it is that of the default.
    webhooks: [...(revision === 'default' ? pair('', ofNone) : []), ...pair('-of-revision', ofRevision)],
  };
}
