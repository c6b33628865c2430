/** Good manifests of Open Service Mesh's kinds, one for each version that was published. */

export const osmManifests = {
  Egress: `
    apiVersion: policy.openservicemesh.io/v1alpha1
    metadata: { name: httpbin, namespace: curl }
    spec:
      sources:
        - { kind: ServiceAccount, name: curl, namespace: curl }
      hosts: [HttpBin.org, '*.example.com', 192.0.2.1]
      ipAddresses: [192.0.2.0/24, 2001:db8::/32]
      ports:
        - { number: 80, protocol: http }
        - { number: 443, protocol: https }
        - { number: 3306, protocol: tcp-server-first }
      matches:
        - { apiGroup: specs.smi-spec.io/v1alpha4, kind: HTTPRouteGroup, name: httpbin-routes }
        - { apiGroup: policy.openservicemesh.io/v1alpha1, kind: UpstreamTrafficSetting, name: httpbin }`,
  IngressBackend: `
    apiVersion: policy.openservicemesh.io/v1alpha1
    metadata: { name: bookstore, namespace: bookstore }
    spec:
      backends:
        - name: bookstore
          port: { number: 14001, protocol: https }
          tls: { skipClientCertValidation: false, sniHosts: [Bookstore.example.com] }
      sources:
        - { kind: Service, namespace: ingress, name: controller }
        - { kind: AuthenticatedPrincipal, name: controller.ingress.cluster.local }
        - { kind: IPRange, name: 10.0.0.0/8 }
    status: { currentStatus: committed, reason: successfully committed by the system }`,
  Retry: `
    apiVersion: policy.openservicemesh.io/v1alpha1
    metadata: { name: curl, namespace: curl }
    spec:
      source: { kind: ServiceAccount, name: curl, namespace: curl }
      destinations:
        - { kind: Service, name: httpbin, namespace: httpbin }
      retryPolicy:
        retryOn: 5xx, connect-failure
        perTryTimeout: 1s
        numRetries: 5
        retryBackoffBaseInterval: 1s`,
  UpstreamTrafficSetting: `
    apiVersion: policy.openservicemesh.io/v1alpha1
    metadata: { name: bookstore, namespace: bookstore }
    spec:
      host: bookstore.bookstore.svc.cluster.local
      connectionSettings:
        tcp: { maxConnections: 100, connectTimeout: 2s }
        http: { maxRequests: 50, maxRequestsPerConnection: 10, maxPendingRequests: 5, maxRetries: 3 }
      rateLimit:
        local:
          tcp: { connections: 10, unit: second, burst: 5 }
          http:
            requests: 3
            unit: minute
            responseStatusCode: 503
            responseHeadersToAdd: [{ name: X-Limited, value: 'true' }]
        global:
          tcp:
            rateLimitService: { host: ratelimiter.rls.svc.cluster.local, port: 8081 }
            domain: tcp
            descriptors: [{ entries: [{ key: a, value: b }] }]
          http:
            rateLimitService: { host: ratelimiter.rls.svc.cluster.local, port: 8081 }
            domain: http
            timeout: 100ms
            failureModeDeny: true
            enableXRateLimitHeaders: true
            descriptors:
              - entries:
                  - genericKey: { value: a }
                  - remoteAddress: {}
                  - requestHeader: { name: X-User, key: user }
                  - headerValueMatch: { value: get, headers: [{ name: x-method, exact: GET }] }
      httpRoutes:
        - path: /books.*
          rateLimit:
            local: { requests: 1, unit: hour, burst: 1 }
            global: { descriptors: [{ entries: [{ genericKey: { key: k, value: v } }] }] }`,
  Telemetry: `
    apiVersion: policy.openservicemesh.io/v1alpha1
    metadata: { name: bookstore, namespace: bookstore }
    spec:
      selector: { app: bookstore }
      accessLog:
        format: '[%START_TIME%] %RESPONSE_CODE%'
        openTelemetry:
          extensionService: { namespace: otel, name: collector }
          attributes: { cluster: one }`,
  ExtensionService: `
    apiVersion: config.openservicemesh.io/v1alpha2
    metadata: { name: collector, namespace: otel }
    spec: { host: collector.otel.svc.cluster.local, port: 4317, protocol: H2C, connectTimeout: 2s }`,
  'ExtensionService v1alpha1': `
    apiVersion: config.openservicemesh.io/v1alpha1
    metadata: { name: collector, namespace: otel }
    spec: { host: 192.0.2.1, port: 4317 }`,
  OsmMeshConfig: `
    apiVersion: config.openservicemesh.io/v1alpha2
    kind: MeshConfig
    metadata: { name: osm-mesh-config, namespace: osm-system }
    spec:
      traffic:
        enableEgress: false
        enablePermissiveTrafficPolicyMode: true
        outboundIPRangeExclusionList: [10.0.0.0/8]
        outboundPortExclusionList: [6379]
        networkInterfaceExclusionList: [net1]
        inboundExternalAuthorization: { enable: false, failureModeAllow: false }
      sidecar: { tlsMinProtocolVersion: TLSv1_2, tlsMaxProtocolVersion: TLSv1_3, localProxyMode: PodIP }
      observability: { tracing: { enable: true, address: jaeger.osm-system.svc.cluster.local, port: 9411, endpoint: /api/v2/spans } }
      certificate: { serviceCertValidityDuration: 12h }
      featureFlags: { enableEgressPolicy: true, enableWASMStats: false }`,
  'OsmMeshConfig v1alpha1': `
    apiVersion: config.openservicemesh.io/v1alpha1
    kind: MeshConfig
    metadata: { name: osm-mesh-config, namespace: osm-system }
    spec: {}`,
  MeshRootCertificate: `
    apiVersion: config.openservicemesh.io/v1alpha2
    metadata: { name: osm-mesh-root-certificate, namespace: osm-system }
    spec:
      trustDomain: cluster.local
      intent: passive
      spiffeEnabled: true
      provider: { tresor: { ca: { secretRef: { name: osm-ca-bundle, namespace: osm-system } } } }`,
  'MeshRootCertificate v1alpha1': `
    apiVersion: config.openservicemesh.io/v1alpha1
    metadata: { name: osm-mesh-root-certificate, namespace: osm-system }
    spec:
      provider: { certManager: { issuerName: osm-ca, issuerKind: Issuer, issuerGroup: cert-manager.io, secretName: osm-ca-bundle } }`,
} as const;
