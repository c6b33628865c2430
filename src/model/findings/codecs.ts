/** 06: codecs. */
import { entry } from './entry.ts';

export const codecs = {
  ISTH0601: entry('error', 'ProtocolCodec cannot be compiled', 'Correct the description at the path named.'),
};
