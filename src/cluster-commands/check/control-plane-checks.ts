/** Is the control plane there, ready, and is one of its replicas writing? */

import { ownName } from '../../model/ownership.ts';
import { isMap, type PlainMap } from '../../resources/plain-values.ts';
import { readObject } from '../cluster-objects.ts';
import { pathOf } from '../manifest-kinds.ts';
import { lackOf } from '../readiness.ts';
import { type Check, type CheckedCluster, failed, passed, type Verdict, warned } from './checking.ts';

export function controlPlaneChecks({ server, namespace, revision, now }: CheckedCluster): readonly Check[] {
  const section = 'the control plane';
  const name = ownName(revision);
  const lease = name;
  return [
    {
      section,
      check: `Deployment ${namespace}/${name} is ready`,
      ask: async () => {
        const object = { kind: 'Deployment', namespace, name };
        const found = await readObject(server, pathOf(object));
        if (found === undefined)
          return failed('It is not there.', 'Run "isthmus install", or say with -n and --revision which one is meant.');
        const lack = lackOf(object, found);
        const hint = `kubectl -n ${namespace} describe deployment ${name}; kubectl -n ${namespace} logs deployment/${name}`;
        return lack === undefined ? passed() : failed(`${lack}.`, hint);
      },
    },
    {
      section,
      check: `Lease ${namespace}/${lease} is held, and renewed`,
      ask: async () => {
        const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${lease}`;
        return verdictOn(await readObject(server, path), now());
      },
    },
  ];
}

function verdictOn(lease: PlainMap | undefined, now: number): Verdict {
  const hint = 'Nobody writes to the API server until a replica takes it: see the logs of the control plane.';
  const { holderIdentity, renewTime, leaseDurationSeconds } = isMap(lease?.spec) ? lease.spec : {};
  if (typeof holderIdentity !== 'string' || holderIdentity === '') return failed('Nobody holds it.', hint);
  const renewed = Date.parse(String(renewTime));
  const age = (now - renewed) / 1000;
  const bound = typeof leaseDurationSeconds === 'number' ? leaseDurationSeconds : 15;
  if (!(age <= bound)) return failed(`${holderIdentity} renewed it ${Math.round(age)} s ago.`, hint);
  if (age < -bound)
    return warned(
      `${holderIdentity} renewed it ${Math.round(-age)} s in the future, by the clock of this machine.`,
      'Set the clock of this machine, or of the node.',
    );
  return passed(`${holderIdentity} holds it.`);
}
