/** Which endpoints callers turn to first: localityLbSetting of a traffic policy. */
import { type Path, type Problems, quote } from '../problem.ts';
import type { LocalityLbSettingSpec } from '../types/istio.ts';

/** Labels that say where a workload is. Others would need the labels of whoever calls. */
export const placeLabels = {
  'topology.kubernetes.io/region': 'region',
  'topology.kubernetes.io/zone': 'zone',
  'topology.istio.io/subzone': 'subzone',
} as const;

export function checkLocalitySetting(setting: LocalityLbSettingSpec, path: Path, problems: Problems): void {
  const { distribute = [], failover = [], failoverPriority = [] } = setting;
  if (distribute.length > 0 && failover.length + failoverPriority.length > 0)
    problems.add('ISTH0206', path, 'distribute excludes failover and failoverPriority.');
  distribute.forEach(({ to = {} }, index) => {
    const sum = Object.values(to).reduce((all, one) => all + one, 0);
    if (sum === 100) return;
    const message = `Its percents make ${sum}, and have to make 100.`;
    problems.add('ISTH0242', [...path, 'distribute', index, 'to'], message);
  });
  failover.forEach(({ from = '', to = '' }, index) => {
    const at = [...path, 'failover', index];
    if (from === '' || to === '') problems.add('ISTH0242', at, 'Both from and to have to name a region.');
    else if (from === to) problems.add('ISTH0242', at, `Region ${quote(from)} cannot follow itself.`);
  });
  failoverPriority.forEach((label, index) => {
    if (Object.hasOwn(placeLabels, label)) return;
    const message = `The label ${quote(label)} says nothing of a place: it is passed over.`;
    problems.add('ISTH0243', [...path, 'failoverPriority', index], message);
  });
}
