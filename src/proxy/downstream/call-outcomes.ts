/** What is counted and logged when a call ends, in whichever of its three ways. */
import { type Frame, FrameKind, Status } from '../../../codecs/codec.ts';
import type { Call, ReplySource } from '../connections/call.ts';
import type { ConnectionAddresses } from './request-logs.ts';
import type { Site } from './site.ts';

const noProperties: readonly never[] = [];

export function noteReply(
  site: Site,
  call: Call,
  bytes: Buffer,
  start: number,
  frame: Frame,
  from: ReplySource,
  addresses: ConnectionAddresses,
): void {
  const { stats, logs } = site;
  const { now } = site.runtime.turn;
  const failed = frame.status === Status.error || frame.kind === FrameKind.error;
  stats.response++;
  stats.responseDecodingSuccess++;
  if (!failed) stats.responseSuccess++;
  else if (frame.kind === FrameKind.error) stats.responseError++;
  else stats.responseBusinessException++;
  stats.requestTimeMs.record(now - call.startedAt);
  if (logs === undefined) return;
  const properties = logs.readsReplies ? logs.readReply(bytes, start, frame) : noProperties;
  const { localAddress: upstreamLocalAddress } = from;
  const outcome = { responseBytes: frame.length, failed, detail: 'via_upstream', upstreamLocalAddress, properties };
  logs.write(call, addresses, outcome, now);
}

/** The call was answered here, or ended without an answer; `detail` as in the access log. */
export function noteLocal(
  site: Site,
  call: Call,
  failed: boolean,
  detail: string,
  addresses: ConnectionAddresses,
): void {
  if (failed && !call.oneway) site.stats.localResponseBusinessException++;
  const outcome = { responseBytes: 0, failed, detail, upstreamLocalAddress: '-', properties: noProperties };
  site.logs?.write(call, addresses, outcome, site.runtime.turn.now);
}

/** The caller left at `leftAt`, on the turn's clock, before it was answered; what became of the call since is nobody's. */
export function noteAbandoned(
  site: Site,
  call: Call,
  by: 'remote' | 'local',
  leftAt: number,
  addresses: ConnectionAddresses,
): void {
  const detail = `downstream_${by}_disconnect`;
  const outcome = { responseBytes: 0, failed: true, detail, upstreamLocalAddress: '-', properties: noProperties };
  site.logs?.write(call, addresses, outcome, site.runtime.turn.now, leftAt);
}
