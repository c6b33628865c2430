/** Who else is in the cluster: the namespace, Istio, and Aeraki, whose work is done twice where both are. */
import { writtenKinds } from '../../delivery/kubernetes/objects/written-kinds.ts';
import { isMap } from '../../resources/plain-values.ts';
import { listObjects, readObject } from '../cluster-objects.ts';
import { definitions, deployments, objectIn, pathOf } from '../manifest-kinds.ts';
import { type Check, type CheckedCluster, failed, passed, warned } from './checking.ts';

export function neighbourChecks({ server, namespace }: CheckedCluster): readonly Check[] {
  const section = 'the cluster';
  return [
    {
      section,
      check: `namespace ${namespace} can be used`,
      ask: async () => {
        const found = await readObject(server, pathOf({ kind: 'Namespace', name: namespace }));
        const phase = isMap(found?.status) ? found.status.phase : undefined;
        if (phase !== 'Terminating') return passed(found === undefined ? 'It will be created.' : '');
        return failed('It is being deleted.', 'Wait until it is gone, or use another one with -n.');
      },
    },
    {
      section,
      check: "Istio's kinds",
      ask: async () => {
        const path = pathOf({ kind: 'CustomResourceDefinition', name: 'serviceentries.networking.istio.io' });
        const crd = await readObject(server, path);
        if (crd === undefined) return passed('They are not there: nothing is written for Istio until they are.');
        const versions = isMap(crd.spec) && Array.isArray(crd.spec.versions) ? crd.spec.versions.filter(isMap) : [];
        const served = versions.filter(({ served: isServed }) => isServed === true).map(({ name }) => String(name));
        const known = writtenKinds.find(({ kind }) => kind === 'ServiceEntry')?.versions ?? [];
        const written = known.find((version) => served.includes(version));
        if (written !== undefined)
          return passed(`ServiceEntry is served as ${served.join(', ')}, and written as ${written}.`);
        return warned(
          `ServiceEntry is served as ${served.join(', ') || 'nothing'}: none is written.`,
          `Use a version of Istio that serves it as ${known.join(', ')}.`,
        );
      },
    },
    {
      section,
      check: 'no Aeraki beside it',
      ask: async () => {
        const found = [
          ...(await listObjects(server, deployments, { labels: 'app=aeraki' })),
          ...(await listObjects(server, deployments, { labels: 'app.kubernetes.io/name=aeraki' })),
        ].map((one) => objectIn({ ...one, kind: 'Deployment' }));
        if (found.length === 0) return passed();
        return warned(
          `Aeraki runs as ${found.map((one) => `${one.namespace}/${one.name}`).join(', ')}: both would write EnvoyFilters.`,
          'Scale it to 0 after installing, and take over what it left with "isthmus adopt".',
        );
      },
    },
    {
      section,
      check: 'definitions can be read',
      ask: async () => {
        await listObjects(server, definitions, { limit: 1 });
        return passed();
      },
    },
  ];
}
