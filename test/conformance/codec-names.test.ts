/** What the control plane takes metaproxy for, against what metaproxy is. */
import { expect, it } from 'vitest';
import { builtInCodecs } from '../../codecs/registry.ts';
import { lackingCodecs } from '../../src/translate/metaprotocol/dialect.ts';

it('metaproxy is given no port whose codec it lacks, and lacks none that it is refused', () => {
  for (const name of lackingCodecs.metaproxy) expect([...builtInCodecs.keys()]).not.toContain(name);
  const aeraki = ['awesomerpc', 'brpc', 'dubbo', 'qza', 'thrift', 'trpc', 'videopacket'];
  for (const name of aeraki.map((one) => `aeraki.meta_protocol.codec.${one}`))
    expect([name, builtInCodecs.has(name)]).toEqual([name, !lackingCodecs.metaproxy.has(name)]);
});
