/** The alias of a migration as a cluster knows names: an ExternalName Service, which Istio and the cluster's DNS follow. */
import { finding, type ObjectRef } from '../../model/finding.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import { type IstioObject, type IstioTranslation, type IstioWriting, ownMetadata } from './istio-objects.ts';

export interface IstioAlias {
  readonly host: string;
  /** Of who asks for it. */
  readonly namespace: string;
  readonly target: string;
  /** The MigrationPlan. */
  readonly plan: ObjectRef;
}

export interface AliasService extends IstioObject {
  readonly apiVersion: 'v1';
  readonly kind: 'Service';
  readonly spec: { readonly type: 'ExternalName'; readonly externalName: string };
}

/** Only names of the cluster can be Services, and nobody names anything in the namespace of somebody else. */
export function translateAlias(
  { host, namespace, target, plan }: IstioAlias,
  { clusterDomain }: Pick<MeshSettings, 'clusterDomain'>,
  writing: IstioWriting,
): IstioTranslation<AliasService> {
  const end = `.${namespace}.svc.${clusterDomain}`;
  const name = host.endsWith(end) ? host.slice(0, -end.length) : '';
  if (/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) {
    const metadata = ownMetadata(writing, plan, { namespace, name });
    const spec = { type: 'ExternalName', externalName: target } as const;
    return { objects: [{ apiVersion: 'v1', kind: 'Service', metadata, spec }], findings: [] };
  }
  const message = `The alias ${host} is no name of a Service in namespace ${namespace}.`;
  const remedy = `Write one such as name${end}, or have names answered by isthmus (--dns).`;
  return { objects: [], findings: [finding('ISTH0709', { object: plan, path: 'spec.alias', message, remedy })] };
}
