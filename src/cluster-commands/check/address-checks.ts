/** Are the ranges of virtual IPs nobody else's? */
import { doOverlap, istioRanges } from '../../mesh/virtual-ips/istio-ranges.ts';
import { defaultRanges } from '../../mesh/virtual-ips/virtual-ips.ts';
import { isMap } from '../../resources/plain-values.ts';
import { listObjects } from '../cluster-objects.ts';
import { meshConfigs } from '../manifest-kinds.ts';
import { type Check, type CheckedCluster, failed, passed } from './checking.ts';

export function addressChecks({ server }: CheckedCluster): readonly Check[] {
  const section = 'virtual IPs';
  const ranges = async (): Promise<readonly string[]> => {
    const [config] = await listObjects(server, meshConfigs);
    const { virtualIps } = isMap(config?.spec) ? config.spec : {};
    const { ipv4, ipv6 } = isMap(virtualIps) ? virtualIps : {};
    return [...textsOr(ipv4, defaultRanges.ipv4), ...textsOr(ipv6, defaultRanges.ipv6)];
  };
  const disjoint = (check: string, theirs: () => Promise<readonly string[]>): Check => ({
    section,
    check,
    ask: async () => {
      const others = await theirs();
      const shared = (await ranges()).flatMap((one) =>
        others.filter((other) => doOverlap(one, other)).map((other) => `${one} and ${other}`),
      );
      if (shared.length === 0) return passed();
      return failed(
        `They share addresses: ${shared.join('; ')}.`,
        'Write other ranges into spec.virtualIps of the MeshConfig. Addresses that were given out stay.',
      );
    },
  });
  return [
    disjoint("their ranges and those of Istio's allocator are disjoint", async () => istioRanges),
    disjoint('their ranges and those of Services of the cluster are disjoint', async () => {
      const all = await listObjects(server, { group: 'networking.k8s.io', version: 'v1', plural: 'servicecidrs' });
      return all.flatMap(({ spec }) => (isMap(spec) ? textsOr(spec.cidrs, []) : []));
    }),
  ];
}

function textsOr(value: unknown, fallback: readonly string[]): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : fallback;
}
