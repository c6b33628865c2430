import { describeCodec } from '../../codecs/conformance-kit.ts';
import { samples } from '../../examples/bring-your-own-codec/samples.ts';
import { shelf } from '../../examples/bring-your-own-codec/shelf.ts';

describeCodec(shelf, samples);
