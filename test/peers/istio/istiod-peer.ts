/**
 * istiod, of a development snapshot of Istio 1.31: no release of its module resolves. Not among the peers that everybody
 * installs, for it takes a quarter of an hour of a core: `node test/peers/istio/install.ts`.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { goModuleFolder, goPeer } from '../go-peer.ts';

export const istiodPeer = goPeer({
  name: 'istiod',
  purpose: "Istio's own control plane, 1.31",
  folder: import.meta.dirname,
  source: 'istio.io/istio/pilot/cmd/pilot-discovery',
  tags: ['disable_pgv', 'vtprotobuf'],
  environment: { CGO_ENABLED: '0' },
});

/** Istio's own CustomResourceDefinitions, as its chart has them. Throws where it was never built here. */
export function istioManifests(): string {
  const module = goModuleFolder(import.meta.dirname, 'istio.io/istio');
  return readFileSync(path.join(module, 'manifests/charts/base/files/crd-all.gen.yaml'), 'utf8');
}
