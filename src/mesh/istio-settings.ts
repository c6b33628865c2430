/** What a MeshConfig says of Istio, with the defaults for what it leaves out. */
import { defaultIstioSettings, type IstioSettings, type ProxyScope } from '../model/istio-settings.ts';
import type { IstioSpec, ProxyScopeSpec } from '../resources/kinds.ts';

export function istioSettings({ rootNamespace, metaProtocolProxies, kafkaProxies, tracing }: IstioSpec): IstioSettings {
  return {
    rootNamespace,
    metaProtocolProxies: scopeOf(metaProtocolProxies) ?? defaultIstioSettings.metaProtocolProxies,
    kafkaProxies: scopeOf(kafkaProxies) ?? defaultIstioSettings.kafkaProxies,
    ...(tracing === undefined ? {} : { tracedPercent: tracing.sampling }),
  };
}

function scopeOf({ metadata, labels, all }: ProxyScopeSpec = {}): ProxyScope | undefined {
  if (all === true) return { kind: 'all' };
  if (metadata !== undefined) return { kind: 'metadata', metadata };
  return labels === undefined ? undefined : { kind: 'labels', labels };
}
