/** The API server of Kubernetes and its client, built from one manifest. */
import { goPeer } from '../go-peer.ts';

const version = 'k8s.io/component-base/version';
const folder = import.meta.dirname;
const environment = { CGO_ENABLED: '0' };
const linkerVariables = {
  [`${version}.gitVersion`]: 'v1.36.3',
  [`${version}.gitMajor`]: '1',
  [`${version}.gitMinor`]: '36',
};

export const apiServerPeer = goPeer({
  name: 'kube-apiserver',
  purpose: "Kubernetes' API server 1.36",
  cache: 'kubernetes',
  folder,
  source: 'k8s.io/kubernetes/cmd/kube-apiserver',
  linkerVariables,
  environment,
});

export const kubectlPeer = goPeer({
  name: 'kubectl',
  purpose: "Kubernetes' own client",
  cache: 'kubernetes',
  folder,
  source: 'k8s.io/kubernetes/cmd/kubectl',
  linkerVariables,
  environment,
});
