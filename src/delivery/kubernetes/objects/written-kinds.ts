/** The kinds of which objects are written. */
import type { WrittenKind } from './wanted-object.ts';

const istio = { group: 'networking.istio.io', isBuiltIn: false } as const;
const threeVersions = ['v1', 'v1beta1', 'v1alpha3'];

export const writtenKinds: readonly WrittenKind[] = [
  { ...istio, kind: 'ServiceEntry', versions: threeVersions, plural: 'serviceentries' },
  { ...istio, kind: 'WorkloadEntry', versions: threeVersions, plural: 'workloadentries' },
  { ...istio, kind: 'EnvoyFilter', versions: ['v1alpha3'], plural: 'envoyfilters' },
  { ...istio, kind: 'VirtualService', versions: threeVersions, plural: 'virtualservices' },
  { kind: 'Service', group: '', versions: ['v1'], plural: 'services', isBuiltIn: true },
];
