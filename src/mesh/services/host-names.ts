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
  if (host === '*') return [host];
  const [, ...parents] = host.startsWith('*') ? host.split('.').slice(1) : host.split('.');
  return [host, ...patternsAbove(parents.join('.'))];
}

/** Hosts of one domain have these in common: they are remembered by whoever asked for them, for each of its hosts. */
const known = new Map<string, readonly string[]>();
const mostKnown = 4096;

/** `*.b.c`, `*.c` and `*` for `b.c`. */
function patternsAbove(domain: string): readonly string[] {
  const found = known.get(domain);
  if (found !== undefined) return found;
  const labels = domain === '' ? [] : domain.split('.');
  const patterns = [...labels.map((_, at) => `*.${labels.slice(at).join('.')}`), '*'];
  if (known.size >= mostKnown) known.clear();
  known.set(domain, patterns);
  return patterns;
}
