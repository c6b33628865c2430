/**
 * `isthmus check`: questions to a cluster, in sections, each answered whatever the others come to. Nothing is changed.
 *
 *   --pre: the API server, what installing may do, whose definitions are there, the namespace
 *   after: definitions, the control plane and who of it writes, its rights, webhooks, virtual IPs, registries, findings
 */
import type { CheckResult, CheckWish } from '../../cli/installation-actions.ts';
import { withCluster } from '../with-cluster.ts';
import { addressChecks } from './address-checks.ts';
import { apiServerChecks } from './api-server-checks.ts';
import { askAll, type Check, type CheckedCluster } from './checking.ts';
import { controlPlaneChecks } from './control-plane-checks.ts';
import { definitionChecks, foreignDefinitionChecks } from './definition-checks.ts';
import { findingChecks } from './finding-checks.ts';
import { neighbourChecks } from './neighbour-checks.ts';
import { grantedChecks, installerChecks } from './permission-checks.ts';
import { webhookChecks } from './webhook-checks.ts';

const before: readonly ((cluster: CheckedCluster) => readonly Check[])[] = [
  installerChecks,
  foreignDefinitionChecks,
  neighbourChecks,
];
const after: readonly ((cluster: CheckedCluster) => readonly Check[])[] = [
  definitionChecks,
  controlPlaneChecks,
  grantedChecks,
  webhookChecks,
  addressChecks,
  findingChecks,
];

export async function checkCluster(wish: CheckWish): Promise<readonly CheckResult[]> {
  return withCluster(wish, async ({ server, url }) => {
    const cluster = { ...wish, server };
    const reached = await askAll(apiServerChecks(cluster), url);
    // Whatever else is asked of a server that does not answer says the same.
    if (reached.some(({ result }) => result === 'failed')) return reached;
    const sections = wish.isPre ? before : after;
    return [
      ...reached,
      ...(await askAll(
        sections.flatMap((checks) => checks(cluster)),
        url,
      )),
    ];
  });
}
