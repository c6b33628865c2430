/** Where a resource says that another is to be had: from the control plane that sent it, as far as this proxy goes. */
import type { Message } from '../../xds-api/messages.ts';
import { Rejection } from './rejection.ts';

type ConfigSource = Message<'envoy.config.core.v3.ConfigSource'>;

export function isForeign(source: ConfigSource | null | undefined): boolean {
  if (source == null) return false;
  return Boolean(source.path) || source.pathConfigSource != null || source.apiConfigSource != null;
}

/** Throws Rejection for files and other control planes: what they say would never come. */
export function rejectForeignSource(field: string, source: ConfigSource | null | undefined): void {
  if (isForeign(source))
    throw new Rejection(`${field}: this proxy has it only from the control plane that it has all from (ads)`);
}
