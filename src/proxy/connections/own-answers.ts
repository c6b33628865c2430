/** What the proxy answers by itself. A codec that throws over it has nothing to say. */
import type { Codec, Frame, ReplyReason } from '../../../codecs/codec.ts';
import type { Call } from './call.ts';
import type { CodecFaults } from './codec-faults.ts';

/** What an error reply has to know of a request. */
type Asked = Pick<Call, 'bytes' | 'start' | 'idHigh' | 'idLow'>;

/** Undefined where there is no way to say it in the caller's protocol. */
export function errorReply(codec: Codec, faults: CodecFaults, call: Asked, reason: ReplyReason, message: string) {
  try {
    return codec.errorReply(call.bytes, call.start, call.idHigh, call.idLow, reason, message);
  } catch (error) {
    faults.note(codec.name, error);
    return undefined;
  }
}

/** Undefined where none is wanted. */
export function heartbeatReply(codec: Codec, faults: CodecFaults, bytes: Buffer, start: number, frame: Frame) {
  try {
    return codec.heartbeatReply(bytes, start, frame);
  } catch (error) {
    faults.note(codec.name, error);
    return undefined;
  }
}
