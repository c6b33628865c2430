/** Webhooks, where somebody wishes for them, with what they take from the mesh and from this control plane. */

import type { ClusterWish } from '../../cli/actions.ts';
import { readInjectionSettings } from '../../cli/injection-settings.ts';
import { meshKey } from '../../mesh/settings.ts';
import { IsthmusError } from '../../model/errors.ts';
import { ownName } from '../../model/ownership.ts';
import { parseAddress } from '../../model/tcp-address.ts';
import { defaultInjectionSettings, type InjectionSettings } from '../../translate/injection/injection-settings.ts';
import { type Pipeline, rootNamespaceOf, trustDomainOf } from '../pipeline.ts';
import type { ClusterPart, ClusterSurroundings, WebhookWish } from './cluster-part.ts';
import { startWebhooks } from './webhook-serving.ts';

/** Throws USAGE for settings that are none. */
export async function readWebhookWish(wish: ClusterWish): Promise<WebhookWish | undefined> {
  const { webhook: at, injection, revision, systemNamespace } = wish;
  if (at === undefined && injection !== undefined) throw new IsthmusError('USAGE', '--injection is for --webhook.');
  if (at === undefined) return undefined;
  parseAddress(at, '--webhook');
  const controlPlane = `${ownName(revision)}.${systemNamespace}.svc:15012`;
  const own = { ...defaultInjectionSettings, revision, controlPlane };
  return { at, injection: injection === undefined ? own : await readInjectionSettings(injection, '--injection', own) };
}

export function startWebhookPart({ webhook, ...surroundings }: ClusterSurroundings): ClusterPart {
  if (webhook === undefined) return { findings: () => [], close: () => {} };
  const { pipeline } = surroundings;
  return startWebhooks({ ...surroundings, at: webhook.at, injection: () => ofMesh(webhook.injection, pipeline) });
}

/** What a MeshConfig says is not to be said twice, and not otherwise. */
function ofMesh(settings: InjectionSettings, pipeline: Pipeline): InjectionSettings {
  const ranges = pipeline.mesh.virtualIpRanges.get(meshKey);
  return {
    ...settings,
    trustDomain: trustDomainOf(pipeline),
    rootNamespace: rootNamespaceOf(pipeline),
    ...(ranges === undefined ? {} : { virtualIpRanges: [...ranges.ipv4, ...ranges.ipv6] }),
  };
}
