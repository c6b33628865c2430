/** What an API server has, as the resources of a pipeline. */
import { writtenKinds } from '../../delivery/kubernetes/objects/written-kinds.ts';
import { IsthmusError } from '../../model/errors.ts';
import { type LabelSelector, parseLabelSelector } from '../../model/label-selector.ts';
import type { Logger } from '../../operations/log.ts';
import { istioGroups } from '../../resources/kind-table.ts';
import { KubernetesSource } from '../../sources/kubernetes/kubernetes-source.ts';
import type { OutageNews } from '../../sources/kubernetes/server-outage.ts';
import type { Source } from '../../sources/source.ts';
import { createManifestReader } from '../manifests.ts';
import type { Pipeline } from '../pipeline.ts';
import type { ClusterPlane } from './cluster-plane.ts';

const written: ReadonlySet<string> = new Set(writtenKinds.map(({ kind }) => kind));

/** Throws USAGE for a selector of namespaces that is none. */
export function followCluster(plane: ClusterPlane, { engine, sourced }: Pipeline, log: Logger): Source {
  const { wish, server, url } = plane;
  const { revision, namespaceSelector, isWithoutIstio } = wish;
  const source = new KubernetesSource({
    server,
    url,
    tables: sourced,
    batch: (change) => engine.batch(change),
    read: createManifestReader().read,
    revision,
    written,
    onOutage: (news) => logOutage(news, url, log),
    onSeen: plane.see,
    ...(isWithoutIstio === true ? { withoutGroups: istioGroups } : {}),
    ...(namespaceSelector === undefined ? {} : { selector: selectorOf(namespaceSelector) }),
  });
  plane.readBy(() => source.reflectors());
  return source;
}

function logOutage(news: OutageNews, url: string, log: Logger): void {
  if (news.state === 'back')
    log.info({ server: url, awayMs: news.awayMs }, 'API server is back; everything is read as it is now');
  else
    log.warn({ server: url, reason: news.reason }, 'API server cannot be reached; what was read last stays in force');
}

function selectorOf(text: string): LabelSelector {
  const selector = parseLabelSelector(text);
  if (selector !== undefined) return selector;
  throw new IsthmusError(
    'USAGE',
    `--namespace-selector "${text}" is no selector of labels, such as "team=shop,!test".`,
  );
}
