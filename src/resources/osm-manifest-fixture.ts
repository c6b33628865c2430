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
} as const;
