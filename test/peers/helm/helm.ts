/** Helm, which nobody here wrote, to hold our chart and our rendering of it to. */
import { execFileSync } from 'node:child_process';
import { goPeer } from '../go-peer.ts';

const version = 'helm.sh/helm/v3/pkg/chartutil.k8sVersion';

export const helmPeer = goPeer({
  name: 'helm',
  purpose: 'Helm 3, which renders the chart',
  folder: import.meta.dirname,
  source: 'helm.sh/helm/v3/cmd/helm',
  // Which Kubernetes it takes a cluster for that it does not ask.
  environment: { CGO_ENABLED: '0' },
  linkerVariables: { [`${version}Major`]: '1', [`${version}Minor`]: '36' },
});

/** What it prints. Throws with its words. */
export function helm(parameters: readonly string[], environment: NodeJS.ProcessEnv = {}): string {
  const program = helmPeer.find();
  if (program === undefined) throw new Error('helm is not installed');
  const env = { ...process.env, ...environment };
  return execFileSync(program, [...parameters], { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'pipe'] });
}
