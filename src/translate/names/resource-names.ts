/** Names of xDS resources: Istio's for clusters, Aeraki's for MetaProtocol routes, so that both find what they expect. */

export function outboundClusterName(host: string, port: number, subset = ''): string {
  return `outbound|${port}|${subset}|${host}`;
}

/** Of a headless service: whichever of its endpoints the caller dialled. */
export function dialledClusterName(host: string, port: number): string {
  return `dialled|${port}||${host}`;
}

/** Every address of a workload leads to the one cluster. */
export function inboundClusterName(targetPort: number): string {
  return `inbound|${targetPort}||`;
}

/** Of HTTP routes before a workload. */
export function inboundRouteName(address: string, targetPort: number): string {
  return `inbound|${targetPort}||${address}`;
}

/** Of what comes to a workload from outside the mesh. */
export function ingressRouteName(address: string, targetPort: number): string {
  return `ingress|${targetPort}||${address}`;
}

/** The server name that the mesh calls a port by, whatever address was dialled. */
export function meshServerName(host: string, port: number): string {
  return outboundClusterName(host, port).replaceAll('|', '_.');
}

/**
 * Of outbound and inbound listeners alike: where a proxy stands at the very address that its callers dial, the inbound
 * listener takes the place of the outbound one, for they could not both be bound.
 */
export function listenerName(address: string, port: number): string {
  return `${address}_${port}`;
}

/** Of MetaProtocol routes, in either form. */
export function metaRouteName(host: string, port: number): string {
  return `${host}_${port}`;
}

/** Of HTTP routes, and of API listeners: what a gRPC client dials after `xds:///`. */
export function httpRouteName(host: string, port: number): string {
  return `${host}:${port}`;
}
