/** Good manifests of SMI's kinds, one for each version that was published: a bookstore that buyers may use. */

const meta = (name: string) => `metadata: { name: ${name}, namespace: bookstore }`;

const routes = (headers: string) => `
      - name: books-bought
        pathRegex: /books-bought
        methods: [GET]
        headers: ${headers}
      - { name: buy-a-book, pathRegex: '.*a-book.*new', methods: [GET, GET] }
      - { name: update-books-bought, pathRegex: /update-books-bought, methods: [POST, '*'] }
      - { name: everything }`;

const asMap = `{ User-Agent: '.*-http-client/*.*', client-app: bookbuyer }`;
const asList = `[{ User-Agent: '.*-http-client/*.*' }, { client-app: bookbuyer }]`;

const route = (spec: string) => `${meta('mysql')}${spec}`;

const rules = `
      - { kind: HTTPRouteGroup, name: bookstore-routes, matches: [buy-a-book, books-bought] }
      - { kind: TCPRoute, name: bookstore-port }`;

const accounts = `
      - { kind: ServiceAccount, name: bookbuyer, namespace: bookbuyer }
      - { kind: ServiceAccount, name: auditor }`;

const split = (weights: readonly [string, string], matches = '') => `
    ${meta('bookstore-split')}
    spec:
      service: bookstore${matches}
      backends:
        - { service: bookstore-v1, weight: ${weights[0]} }
        - { service: bookstore-v2.bookstore.svc.cluster.local, weight: ${weights[1]} }`;

const group = (kind: string) => `
      matches: [{ kind: HTTPRouteGroup, name: firefox${kind} }]`;

/** By kind, with the version behind it where that is not the stored one. */
export const smiManifests = {
  HTTPRouteGroup: `
    apiVersion: specs.smi-spec.io/v1alpha4
    ${meta('bookstore-routes')}
    spec:
      matches:${routes(asMap)}`,
  'HTTPRouteGroup v1alpha3': `
    apiVersion: specs.smi-spec.io/v1alpha3
    ${meta('bookstore-routes')}
    spec:
      matches:${routes(asList)}`,
  'HTTPRouteGroup v1alpha2': `
    apiVersion: specs.smi-spec.io/v1alpha2
    ${meta('bookstore-routes')}
    matches:${routes(asList)}`,
  'HTTPRouteGroup v1alpha1': `
    apiVersion: specs.smi-spec.io/v1alpha1
    ${meta('bookstore-routes')}
    matches:${routes(asMap)}`,
  TCPRoute: `
    apiVersion: specs.smi-spec.io/v1alpha4
    ${route('\n    spec: { matches: { ports: [3306, 6446] } }')}`,
  'TCPRoute v1alpha3': `
    apiVersion: specs.smi-spec.io/v1alpha3
    ${route('\n    spec: {}')}`,
  'TCPRoute v1alpha2': `
    apiVersion: specs.smi-spec.io/v1alpha2
    ${route('')}`,
  'TCPRoute v1alpha1': `
    apiVersion: specs.smi-spec.io/v1alpha1
    ${route('')}`,
  UDPRoute: `
    apiVersion: specs.smi-spec.io/v1alpha4
    ${meta('dns')}
    spec: { matches: { ports: [989, 990] } }`,
  TrafficTarget: `
    apiVersion: access.smi-spec.io/v1alpha3
    ${meta('bookstore')}
    spec:
      destination: { kind: ServiceAccount, name: bookstore, namespace: bookstore }
      rules:${rules}
      sources:${accounts}`,
  'TrafficTarget v1alpha4': `
    apiVersion: access.smi-spec.io/v1alpha4
    ${meta('bookstore')}
    spec:
      destination: { kind: IdentityBinding, group: access.smi-spec.io, name: bookstore }
      rules: [{ kind: UDPRoute, name: dns }]
      sources: [{ kind: IdentityBinding, group: access.smi-spec.io, name: bookbuyer, namespace: bookbuyer }]`,
  'TrafficTarget v1alpha2': `
    apiVersion: access.smi-spec.io/v1alpha2
    ${meta('bookstore')}
    spec:
      destination: { kind: ServiceAccount, name: bookstore, namespace: bookstore, port: 14001 }
      rules:${rules}
      sources:${accounts}`,
  'TrafficTarget v1alpha1': `
    apiVersion: access.smi-spec.io/v1alpha1
    ${meta('bookstore')}
    destination: { kind: ServiceAccount, name: bookstore, namespace: bookstore, port: 14001 }
    specs:${rules}
    sources:${accounts}`,
  IdentityBinding: `
    apiVersion: access.smi-spec.io/v1alpha4
    ${meta('bookbuyer')}
    spec:
      schemes:
        podLabelSelector: { matchLabels: { app: bookbuyer } }
        spiffeIdentities:
          - cluster.local/ns/bookbuyer/sa/bookbuyer
          - spiffe://federated.example/boundary/one`,
  TrafficSplit: `
    apiVersion: split.smi-spec.io/v1alpha4${split(['90', '10.0'], group(', apiGroup: specs.smi-spec.io'))}`,
  'TrafficSplit v1alpha3': `
    apiVersion: split.smi-spec.io/v1alpha3${split(['0', '100'], group(''))}`,
  'TrafficSplit v1alpha2': `
    apiVersion: split.smi-spec.io/v1alpha2${split(['1000', '500'])}`,
  'TrafficSplit v1alpha1': `
    apiVersion: split.smi-spec.io/v1alpha1${split(['1', '500m'])}`,
} as const;
