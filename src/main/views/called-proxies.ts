/** Short names of proxies: who looks for one knows its workload, rather than the id that Envoy's node has. */

/**
 * The ids that end in the name, part by part: of `sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local` and of `shop/web-1`,
 * that is `web-1`; of the former `web-1.shop` and the address as well. Sorted; each id once, whichever of its parts it is.
 */
export function calledProxies(name: string, ids: Iterable<string>): readonly string[] {
  return [...new Set(ids)].filter((id) => namesOf(id).includes(name)).sort();
}

function namesOf(id: string): readonly string[] {
  const [, address, workload] = id.split('~');
  if (address === undefined || workload === undefined) return [id.slice(id.lastIndexOf('/') + 1)];
  const dot = workload.lastIndexOf('.');
  return [address, workload, ...(dot < 0 ? [] : [workload.slice(0, dot)])];
}
