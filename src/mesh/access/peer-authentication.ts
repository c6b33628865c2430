/**
 * What PeerAuthentications ask, against what the mesh does. Where access is not disabled, workloads take connections by mutual
 * TLS and no others, so that STRICT is kept to everywhere; a plaintext port is not to be had beside it.
 */
import type { Collection } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { finding } from '../../model/finding.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import type { PeerAuthentication } from '../../resources/kinds.ts';
import { about } from '../resource-order.ts';
import { settingsOf } from '../settings.ts';

export function reportPeerAuthentication(
  engine: Engine,
  settings: Collection<MeshSettings>,
  policies: Collection<PeerAuthentication>,
): void {
  engine.map('peer authentication', policies, (policy, context) => {
    const isSecured = settingsOf(context, settings).access !== 'Disabled';
    const asked = [
      { path: 'spec.mtls.mode', mode: policy.spec.mtls },
      ...policy.spec.portLevelMtls.map(({ port, mtls }) => ({ path: `spec.portLevelMtls.${port}.mode`, mode: mtls })),
    ];
    for (const { path, mode } of asked) {
      if (mode === 'STRICT' && !isSecured) {
        const message = 'Access is disabled in this mesh: workloads take plaintext, and nothing else.';
        context.report(finding('ISTH0321', { ...about(policy), path, message }));
      }
      if ((mode === 'PERMISSIVE' || mode === 'DISABLE') && isSecured) {
        const message = `Workloads of ours take mutual TLS alone: plaintext that ${mode} lets in is refused.`;
        context.report(finding('ISTH0320', { ...about(policy), path, message }));
      }
    }
    return undefined;
  });
}
