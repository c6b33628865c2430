/** Host names as users write them, and the full names they may stand for. Case does not matter in a host name. */

/** The full name of a Kubernetes Service. */
export function kubernetesHost(name: string, namespace: string, clusterDomain: string): string {
  return `${name}.${namespace}.svc.${clusterDomain}`.toLowerCase();
}

/**
 * What a written host may mean, in the order to try: the name itself, then what a resolver in the object's namespace
 * would make of it (`name`, `name.namespace`, `name.namespace.svc`).
 */
export function hostCandidates(written: string, namespace: string, clusterDomain: string): readonly string[] {
  const host = written.toLowerCase();
  if (host.includes('*')) return [host];
  if (host.endsWith('.svc')) return [host, `${host}.${clusterDomain}`];
  const dots = host.split('.').length - 1;
  if (dots === 0) return [host, kubernetesHost(host, namespace, clusterDomain)];
  return dots === 1 ? [host, `${host}.svc.${clusterDomain}`] : [host];
}

/** The name for a host that nobody declares: a single label stands for a Service beside the object, as in Istio. */
export function fullHost(written: string, namespace: string, clusterDomain: string): string {
  const host = written.toLowerCase();
  return host.includes('.') || host.includes('*') ? host : kubernetesHost(host, namespace, clusterDomain);
}

/** The patterns that match a host, most specific first: `a.b.c`, `*.b.c`, `*.c`, `*`. */
export function hostPatterns(host: string): readonly string[] {
  const labels = host.split('.');
  const start = host.startsWith('*') ? 1 : 0;
  const parents = labels.slice(1 + start).map((_, at) => `*.${labels.slice(1 + start + at).join('.')}`);
  return [host, ...parents, ...(host === '*' ? [] : ['*'])];
}
