/**
 * A CustomResourceDefinition that has of Istio's ServiceEntry what a writer meets: lists that are merged by key, defaults, a
 * status that others write, and rules in CEL.
 */
export function strictServiceEntry(): string {
  const text = { type: 'string', maxLength: 256 };
  const ports = {
    type: 'array',
    maxItems: 16,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
    items: {
      type: 'object',
      required: ['name', 'number'],
      properties: { name: text, number: { type: 'integer' }, protocol: { ...text, default: 'TCP' } },
    },
  };
  const spec = {
    type: 'object',
    required: ['hosts'],
    properties: {
      hosts: { type: 'array', maxItems: 256, items: text },
      addresses: { type: 'array', maxItems: 4096, items: { type: 'string' } },
      ports,
      location: text,
      resolution: { ...text, default: 'NONE' },
    },
    'x-kubernetes-validations': [
      { rule: "self.hosts.all(host, host != '*')", message: 'a host stands for every host there is' },
    ],
  };
  const status = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return JSON.stringify({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'serviceentries.networking.istio.io' },
    spec: {
      group: 'networking.istio.io',
      scope: 'Namespaced',
      names: {
        kind: 'ServiceEntry',
        listKind: 'ServiceEntryList',
        plural: 'serviceentries',
        singular: 'serviceentry',
      },
      versions: ['v1', 'v1beta1'].map((name, position) => ({
        name,
        served: true,
        storage: position === 0,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', properties: { spec, status } } },
      })),
    },
  });
}
