/** The pipeline without a server, for `validate` and `translate`: reads manifests once and looks at what comes out. */
import type { OfflineMesh } from '../cli/actions.ts';
import { Engine } from '../collections/engine.ts';
import { readNode } from '../delivery/xds/node.ts';
import { standardTypes } from '../delivery/xds/resource-types.ts';
import { readBounded } from '../model/bounded-input.ts';
import { IsthmusError } from '../model/errors.ts';
import type { ProxyNode } from '../model/proxy.ts';
import { documentLimits } from '../resources/document-limits.ts';
import { withExactPlaces } from '../sources/files/exact-places.ts';
import { loadOnce } from '../sources/files/load-once.ts';
import { translateServiceEntry } from '../translate/istio/service-entries.ts';
import { encode } from '../xds-api/messages.ts';
import { allFindings, resourceAsJson, sortedValues } from './admin-views.ts';
import { allocateForOffline } from './lease-keeping.ts';
import { createManifestReader } from './manifests.ts';
import { buildPipeline, type Pipeline } from './pipeline.ts';
import { createStoreFor } from './xds-delivery.ts';

export async function loadOffline(paths: readonly string[]): Promise<OfflineMesh> {
  const engine = new Engine();
  const pipeline = buildPipeline(engine, { everyAddress: true });
  await loadOnce({
    paths,
    ...(paths.includes('-')
      ? { standardInput: await readBounded(process.stdin, documentLimits.fileBytes, 'standard input') }
      : {}),
    tables: pipeline.files,
    batch: (change) => engine.batch(change),
    read: createManifestReader().readAll,
  });
  const addressFindings = allocateForOffline(pipeline);
  return {
    findings: () => withExactPlaces(allFindings(pipeline, addressFindings)),
    resourceCount: Object.values(pipeline.files.resources).reduce((sum, table) => sum + table.size, 0),
    model: () => modelOf(pipeline),
    istio: () => istioObjects(pipeline),
    xds: (proxy) => xdsFor(pipeline, proxy),
  };
}

function modelOf({ mesh }: Pipeline): unknown {
  return {
    settings: sortedValues(mesh.settings)[0],
    services: sortedValues(mesh.meshServices),
    endpointGroups: sortedValues(mesh.endpointGroups),
    inboundPorts: sortedValues(mesh.inboundPorts),
  };
}

function istioObjects({ mesh }: Pipeline): readonly unknown[] {
  return sortedValues(mesh.meshServices).map((service) =>
    translateServiceEntry(service, mesh.groupsByService.lookup(service.service.key)),
  );
}

/** By type URL, then by name. */
function xdsFor(pipeline: Pipeline, { id, kind }: { readonly id: string; readonly kind: string }): unknown {
  const proxy = offlineProxy(id, kind);
  pipeline.proxyKinds.set(proxy.kind);
  const view = createStoreFor(pipeline).view(proxy);
  const ofType = (typeUrl: string) => view.list(typeUrl).map(({ body }) => resourceAsJson(typeUrl, body));
  return Object.fromEntries(
    standardTypes.map((typeUrl) => [typeUrl, ofType(typeUrl)] as const).filter(([, resources]) => resources.length > 0),
  );
}

function offlineProxy(id: string, kind: string): ProxyNode {
  const metadata = { fields: { ISTHMUS_PROXY_KIND: { stringValue: kind } } };
  const reading = readNode(encode('envoy.config.core.v3.Node', { id, metadata }));
  if (reading.kind === 'accepted') return reading.node;
  throw new IsthmusError('USAGE', `--proxy "${id}": ${reading.reason}`);
}
