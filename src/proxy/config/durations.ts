/** Durations and 64-bit numbers of messages as plain numbers. */
import type { google } from '../../xds-api/messages.ts';

/** Milliseconds; undefined when absent. */
export function milliseconds(duration: google.protobuf.Duration | null | undefined): number | undefined {
  if (duration == null) return undefined;
  return Number(duration.seconds ?? 0) * 1000 + (duration.nanos ?? 0) / 1e6;
}
