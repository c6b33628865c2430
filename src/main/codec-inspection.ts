/** What codecs can do, for the mesh model, which knows no codec. */
import { findCodec } from '../../codecs/registry.ts';
import type { InspectCodec } from '../mesh/routing/codec-abilities.ts';

export const inspectCodec: InspectCodec = (name, description) => {
  const found = findCodec(name, description);
  if (found === undefined || !('codec' in found)) return undefined;
  const { codec } = found;
  const { mutates, sharesConnections } = codec.capabilities;
  return {
    ...(codec.properties.open ? {} : { properties: codec.properties.names }),
    mutates,
    sharesConnections,
    whyNotSettable: (side, key, value) => codec.whyNotSettable?.(side, key, value),
  };
};
