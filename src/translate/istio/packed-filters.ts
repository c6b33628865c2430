/** Network filters that are made as messages, for Istio: as the JSON of their configuration, with its type beside it. */
import { asObject } from '../../xds-api/json-value.ts';
import type { envoy } from '../../xds-api/messages.ts';
import { toJson } from '../../xds-api/proto-json.ts';
import type { NetworkFilter } from './envoy-filters.ts';

export function networkFilter(filter: envoy.config.listener.v3.Filter): NetworkFilter {
  const { name, typedConfig } = asObject(toJson('envoy.config.listener.v3.Filter', filter), '');
  const { '@type': type, ...config } = asObject(typedConfig, 'typedConfig');
  return { name: String(name), typeUrl: String(type), config };
}
