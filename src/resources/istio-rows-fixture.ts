/** Good manifests of Istio's kinds for traffic and security, and of a Pod, and what may be spoilt in them. */
const meta = 'metadata: { name: orders, namespace: shop }';

export const istioManifests = {
  VirtualService: `
    apiVersion: networking.istio.io/v1
    ${meta}
    spec:
      hosts: [orders.shop.mesh]
      gateways: [mesh, edge]
      http:
        - name: beta
          match:
            - { uri: { prefix: /v2 }, method: { exact: GET }, headers: { user: { regex: 'b.*' } }, ignoreUriCase: true }
          route:
            - { destination: { host: orders.shop.mesh, subset: v1, port: { number: 8080 } }, weight: 90 }
            - { destination: { host: orders.shop.mesh, subset: v2 }, weight: 10, headers: { request: { set: { a: b } } } }
          timeout: 5s
          fault: { abort: { httpStatus: 500, percentage: { value: 1 } } }
          corsPolicy: { allowOrigin: [https://a.example], allowCredentials: true }
          rewrite: { uriRegexRewrite: { match: ^/v2, rewrite: / } }
        - redirect: { authority: elsewhere.mesh }
      tls:
        - match: [{ sniHosts: [orders.shop.mesh], port: 443 }]
          route: [{ destination: { host: orders.shop.mesh } }]
      tcp:
        - match: [{ port: 8080, destinationSubnets: [10.0.0.0/8], sourceSubnet: 10.0.0.0/8 }]
          route: [{ destination: { host: orders.shop.mesh. } }]
      exportTo: ['.']`,
  Gateway: `
    apiVersion: networking.istio.io/v1beta1
    ${meta}
    spec:
      selector: { istio: ingressgateway }
      servers:
        - port: { number: 443, protocol: HTTPS, name: https }
          hosts: ['shop/*.orders.mesh']
          tls: { mode: SIMPLE, credentialName: orders }
          name: front`,
  Sidecar: `
    apiVersion: networking.istio.io/v1
    ${meta}
    spec:
      workloadSelector: { labels: { app: orders } }
      egress: [{ hosts: [./*, istio-system/*] }, { port: { number: 8080, protocol: TCP }, hosts: [~/*], bind: 127.0.0.1 }]
      outboundTrafficPolicy: { mode: REGISTRY_ONLY }`,
  PeerAuthentication: `
    apiVersion: security.istio.io/v1
    ${meta}
    spec:
      selector: { matchLabels: { app: orders } }
      mtls: { mode: STRICT }
      portLevelMtls: { 8080: { mode: DISABLE }, 443: {} }`,
  AuthorizationPolicy: `
    apiVersion: security.istio.io/v1
    ${meta}
    spec:
      selector: { matchLabels: { app: orders } }
      action: DENY
      rules:
        - from: [{ source: { principals: [cluster.local/ns/shop/sa/buyer], notNamespaces: [town], ipBlocks: [] } }]
          to: [{ operation: { methods: [GET], notPaths: [/health] } }]
          when: [{ key: 'request.headers[user]', values: [x] }]`,
  RequestAuthentication: `
    apiVersion: security.istio.io/v1beta1
    ${meta}
    spec:
      targetRefs: [{ kind: Service, group: '', name: orders }]
      jwtRules: [{ issuer: shop.mesh, jwksUri: 'https://shop.mesh/keys', fromHeaders: [{ name: x-token }] }]`,
  Pod: `
    apiVersion: v1
    metadata: { name: orders-0, namespace: shop, labels: { app: orders } }
    spec: { serviceAccountName: orders, nodeName: a, containers: [{ name: app, image: orders }] }
    status:
      phase: Running
      podIP: 10.0.0.1
      podIPs: [{ ip: 10.0.0.1 }, { ip: '2001:db8::1' }]
      conditions: [{ type: Ready, status: 'True', lastProbeTime: null }]`,
} as const;

export const istioRows: readonly (readonly [
  kind: keyof typeof istioManifests,
  path: string,
  value: unknown,
  code: string,
  at?: string,
])[] = [
  ['VirtualService', 'spec.hosts', ['a b'], 'ISTH0201', 'spec.hosts[0]'],
  ['VirtualService', 'spec.exportTo', ['Shop'], 'ISTH0205', 'spec.exportTo[0]'],
  ['VirtualService', 'spec.http.0.match.0.uri', { exact: '/', prefix: '/' }, 'ISTH0206', 'spec.http[0].match[0].uri'],
  ['VirtualService', 'spec.http.0.match.0.uri', { regex: '(' }, 'ISTH0209', 'spec.http[0].match[0].uri.regex'],
  [
    'VirtualService',
    'spec.http.0.match.0.headers',
    { user: { regex: '(' } },
    'ISTH0209',
    'spec.http[0].match[0].headers.user.regex',
  ],
  [
    'VirtualService',
    'spec.tcp.0.route',
    [{ destination: { host: 'a' } }, { destination: { host: 'b' } }],
    'ISTH0210',
    'spec.tcp[0].route',
  ],
  [
    'VirtualService',
    'spec.http.0.route.0.destination.host',
    undefined,
    'ISTH0104',
    'spec.http[0].route[0].destination.host',
  ],
  ['VirtualService', 'spec.http.0.redirect', { uri: '/' }, 'ISTH0206', 'spec.http[0]'],
  ['VirtualService', 'spec.http.1.redirect.redirectCode', 418, 'ISTH0105'],
  [
    'VirtualService',
    'spec.http.1.redirect',
    { uri: '/', prefixRewrite: '/' },
    'ISTH0206',
    'spec.http[1].redirect.prefixRewrite',
  ],
  [
    'VirtualService',
    'spec.http.1.redirect',
    { port: 80, derivePort: 'FROM_REQUEST_PORT' },
    'ISTH0206',
    'spec.http[1].redirect.derivePort',
  ],
  ['VirtualService', 'spec.http.1.redirect.uri', '/\n', 'ISTH0105'],
  ['VirtualService', 'spec.http.0.timeout', '5', 'ISTH0208'],
  ['VirtualService', 'spec.http.0.retries', { backoff: '0s' }, 'ISTH0208', 'spec.http[0].retries.backoff'],
  [
    'VirtualService',
    'spec.http.0.fault.delay',
    { fixedDelay: '0s' },
    'ISTH0208',
    'spec.http[0].fault.delay.fixedDelay',
  ],
  [
    'VirtualService',
    'spec.http.0.fault.abort',
    { grpcStatus: 'Unavailable' },
    'ISTH0105',
    'spec.http[0].fault.abort.grpcStatus',
  ],
  [
    'VirtualService',
    'spec.http.0.headers',
    { request: { set: { 'a b': '' } } },
    'ISTH0228',
    'spec.http[0].headers.request',
  ],
  [
    'VirtualService',
    'spec.http.0.match.0.withoutHeaders',
    { 'a b': {} },
    'ISTH0228',
    'spec.http[0].match[0].withoutHeaders[a b]',
  ],
  [
    'VirtualService',
    'spec.http.0.match.0.queryParams',
    { a: { regex: '(' } },
    'ISTH0209',
    'spec.http[0].match[0].queryParams.a.regex',
  ],
  [
    'VirtualService',
    'spec.http.1',
    { directResponse: { status: 200, body: { string: 'a', bytes: 'YQ==' } } },
    'ISTH0206',
    'spec.http[1].directResponse.body',
  ],
  [
    'VirtualService',
    'spec.http.1',
    { directResponse: { status: 200, body: { bytes: 'abcde' } } },
    'ISTH0105',
    'spec.http[1].directResponse.body.bytes',
  ],
  ['Gateway', 'spec.servers', [], 'ISTH0224'],
  ['Gateway', 'spec.selector', { a: '-' }, 'ISTH0204', 'spec.selector.a'],
  ['Sidecar', 'spec.egress.0.hosts', ['*'], 'ISTH0201', 'spec.egress[0].hosts[0]'],
  ['PeerAuthentication', 'spec.portLevelMtls', { http: {} }, 'ISTH0203', 'spec.portLevelMtls.http'],
  ['PeerAuthentication', 'spec.mtls.mode', 'SOMETIMES', 'ISTH0105'],
  ['AuthorizationPolicy', 'spec.action', 'CUSTOM', 'ISTH0214', 'spec.provider'],
  [
    'AuthorizationPolicy',
    'spec.rules.0.to',
    [{ operation: { method: ['GET'] } }],
    'ISTH0118',
    'spec.rules[0].to[0].operation.method',
  ],
  ['AuthorizationPolicy', 'spec.rules.0.from', [], 'ISTH0240', 'spec.rules[0].from'],
  ['AuthorizationPolicy', 'spec.rules.0.from', [{}], 'ISTH0240', 'spec.rules[0].from[0]'],
  ['AuthorizationPolicy', 'spec.rules.0.from.0.source', { principals: [] }, 'ISTH0240', 'spec.rules[0].from[0]'],
  ['AuthorizationPolicy', 'spec.rules.0.to.0.operation', { hosts: [] }, 'ISTH0240', 'spec.rules[0].to[0]'],
  ['AuthorizationPolicy', 'spec.rules.0.to.0.operation.methods.0', '', 'ISTH0240', 'to[0].operation.methods[0]'],
  ['RequestAuthentication', 'spec.selector', {}, 'ISTH0206'],
  ['RequestAuthentication', 'spec.jwtRules', [{ jwks: '{}' }], 'ISTH0214', 'spec.jwtRules[0].issuer'],
  ['Pod', 'status.phase', 'Dancing', 'ISTH0105'],
];
