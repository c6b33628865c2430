/**
 * CustomResourceDefinitions of Istio's kinds as far as tests without an istiod need them: groups, versions, names, and status as
 * Istio has them. Their schemas say nothing but what a test asks for, so that any object is taken.
 */

interface Definition {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  /** All served, the first one stored. */
  readonly versions: readonly string[];
}

const networking = 'networking.istio.io';
const security = 'security.istio.io';
const threeVersions = ['v1', 'v1beta1', 'v1alpha3'];

const definitions: readonly Definition[] = [
  { group: networking, kind: 'ServiceEntry', plural: 'serviceentries', versions: threeVersions },
  { group: networking, kind: 'WorkloadEntry', plural: 'workloadentries', versions: threeVersions },
  { group: networking, kind: 'WorkloadGroup', plural: 'workloadgroups', versions: threeVersions },
  { group: networking, kind: 'DestinationRule', plural: 'destinationrules', versions: threeVersions },
  { group: networking, kind: 'VirtualService', plural: 'virtualservices', versions: threeVersions },
  { group: networking, kind: 'Gateway', plural: 'gateways', versions: threeVersions },
  { group: networking, kind: 'Sidecar', plural: 'sidecars', versions: threeVersions },
  { group: networking, kind: 'EnvoyFilter', plural: 'envoyfilters', versions: ['v1alpha3'] },
  { group: security, kind: 'PeerAuthentication', plural: 'peerauthentications', versions: ['v1', 'v1beta1'] },
  { group: security, kind: 'AuthorizationPolicy', plural: 'authorizationpolicies', versions: ['v1', 'v1beta1'] },
  { group: security, kind: 'RequestAuthentication', plural: 'requestauthentications', versions: ['v1', 'v1beta1'] },
];

/** One YAML document (JSON is YAML) a kind: of those named, or of all. */
export function istioDefinitions(...kinds: readonly string[]): string {
  return definitions
    .filter(({ kind }) => kinds.length === 0 || kinds.includes(kind))
    .map((definition) => JSON.stringify(customResourceDefinition(definition)))
    .join('\n---\n');
}

function customResourceDefinition({ group, kind, plural, versions }: Definition): object {
  const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
      versions: versions.map((name, position) => ({
        name,
        served: true,
        storage: position === 0,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', properties: { spec: anything, status: anything } } },
      })),
    },
  };
}
