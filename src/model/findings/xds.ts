/** 08: xDS. */
import { entry } from './entry.ts';

export const xds = {
  ISTH0801: entry(
    'error',
    'Proxy refused configuration',
    'Correct the resource that the proxy names; until then the proxy keeps its last good configuration.',
  ),
  ISTH0802: entry(
    'error',
    'Proxy was not admitted',
    "Set the proxy's node id, and node.metadata.ISTHMUS_PROXY_KIND to envoy, envoy-meta, metaproxy or grpc.",
  ),
  ISTH0803: entry(
    'info',
    'Proxy asks for a type that is not served',
    "Remove the subscription from the proxy's bootstrap, or ignore this where the proxy can do without.",
  ),
};
