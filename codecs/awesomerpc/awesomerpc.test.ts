import { describeCodec, type SampleFrame } from '../conformance-kit.ts';
import { describeTwins } from '../declarative/twins.ts';
import { awesomerpc } from './awesomerpc.ts';

const samples: readonly SampleFrame[] = [
  {
    name: 'a request',
    direction: 'request',
    hex: '01 00000007 0000000f 0001 0000 6869',
    kind: 'request',
    id: 7,
    properties: { cmd: '1' },
  },
  {
    name: 'a request of a negative command, the largest id and no body',
    direction: 'request',
    hex: '01 ffffffff 0000000d fffe 0000',
    kind: 'request',
    id: 0xffffffff,
    properties: { cmd: '-2' },
  },
  {
    name: 'a response',
    direction: 'response',
    hex: '01 00000007 0000000f 0001 0000 6869',
    kind: 'response',
    id: 7,
    properties: { cmd: '1' },
  },
  {
    name: 'an error response',
    direction: 'response',
    hex: '01 00000007 0000000d 0001 0001',
    kind: 'error',
    status: 'error',
    id: 7,
  },
];

describeCodec(awesomerpc, samples);
describeTwins(awesomerpc, new URL('awesomerpc.yaml', import.meta.url), samples);
