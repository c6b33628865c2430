/**
 * The bootstrap of Istio's sidecars that ask us for routes, as a ConfigMap in each namespace into which Istio injects. Where
 * Aeraki's was taken over (`isthmus adopt`), that one is kept as well: Pods that refer to it find us.
 */

import { publishInNamespaces } from '../../delivery/kubernetes/namespaces/namespace-publishing.ts';
import { ownName } from '../../model/ownership.ts';
import { parseAddress } from '../../model/tcp-address.ts';
import type { Namespace } from '../../resources/kinds.ts';
import {
  aerakiBootstrap,
  bootstrapKey,
  bootstrapOverride,
  ownBootstrap,
} from '../../translate/istio/bootstrap-override.ts';
import type { ClusterPart, ClusterSurroundings } from './cluster-part.ts';
import { heededNamespaces, type NamespaceSurroundings } from './heeded-namespaces.ts';

type BootstrapSurroundings = NamespaceSurroundings & Pick<ClusterSurroundings, 'systemNamespace' | 'istioXds'>;

type RouteServing = Pick<BootstrapSurroundings, 'revision' | 'systemNamespace'> & {
  readonly istioXds: NonNullable<BootstrapSurroundings['istioXds']>;
};

/** Nothing where sidecars of istiod are not served over TLS. */
export function startBootstrapPublishing(surroundings: BootstrapSurroundings): ClusterPart {
  const { revision, systemNamespace, istioXds } = surroundings;
  if (istioXds === undefined) return { findings: () => [], close: () => {} };
  const override = bootstrapOf({ revision, systemNamespace, istioXds });
  const contentFor = (namespace: Namespace): string | undefined => (isInjected(namespace) ? override : undefined);
  const role = 'bootstrap';
  const around = { contentFor, unwritten: 'ISTH1507' } as const;
  const namespaces = heededNamespaces(surroundings);
  const own = publishInNamespaces(namespaces, {
    ...around,
    map: { name: ownBootstrap, key: bootstrapKey, role },
    isMade: true,
  });
  const adopted = publishInNamespaces(namespaces, {
    ...around,
    map: { name: aerakiBootstrap, key: bootstrapKey, role },
    isMade: false,
  });
  return {
    findings: () => [...own.findings(), ...adopted.findings()],
    close: async () => {
      await own.close();
      await adopted.close();
    },
  };
}

/** Our Service and our ServiceAccount are called after the revision: istiod signs for the account whose token we have. */
export function bootstrapOf({ revision, systemNamespace, istioXds }: RouteServing): string {
  const { port } = parseAddress(istioXds.address, '--istio-xds');
  const service = istioXds.service ?? `${ownName(revision)}.${systemNamespace}.svc:${port}`;
  return bootstrapOverride({
    ...parseAddress(service, '--istio-xds-service'),
    namespace: systemNamespace,
    serviceAccount: ownName(revision),
  });
}

/** As Istio has it. */
function isInjected({ metadata: { labels } }: Namespace): boolean {
  return labels['istio-injection'] === 'enabled' || (labels['istio.io/rev'] ?? '') !== '';
}
