/** 05: routes and policies. */
import { entry } from './entry.ts';

export const routes = {
  ISTH0501: entry('warning', 'Another rule of this host comes first', 'Keep one rule for the host.'),
  ISTH0503: entry('warning', 'Rule names an unknown host', 'Correct the host, or declare it.'),
  ISTH0504: entry(
    'warning',
    'Rule is not exported to its host',
    "Export the rule to the namespace of its host, or to all: '*'.",
  ),
  ISTH0505: entry('error', 'Route leads to an unknown host', 'Correct the host of the destination, or declare it.'),
  ISTH0506: entry('error', 'Route leads to an unknown port', 'Use a port of the host of the destination.'),
  ISTH0507: entry('error', 'Route leads to an unknown subset', 'Declare the subset in a DestinationRule of the host.'),
  ISTH0508: entry(
    'warning',
    'Router has no port to route',
    'Name a port of the host tcp-metaprotocol-<protocol>, or remove the MetaRouter.',
  ),
  ISTH0509: entry('error', 'Route leads nowhere', 'Give the route destinations whose weights are not all 0.'),
  ISTH0510: entry(
    'error',
    'Codec cannot do what a rule asks',
    "Use a property that the protocol's requests have, or give the protocol a codec that can do it.",
  ),
  ISTH0511: entry(
    'info',
    'Rule comes from another namespace',
    'Nothing, if it is meant; otherwise write a rule in the namespace of the host, which comes first.',
  ),
  ISTH0512: entry(
    'warning',
    'Part of a rule has no meaning for a port',
    'Match calls by method and headers, and name destinations with weights.',
  ),
  ISTH0514: entry(
    'warning',
    'Part of a rule is not heeded',
    'Do not rely on it with proxies of isthmus. Proxies of Istio heed it, as istiod tells them.',
  ),
  ISTH0513: entry(
    'warning',
    'Rule names an unknown gateway',
    'Correct the name (NAMESPACE/NAME, or NAME in the namespace of the rule), or create the Gateway.',
  ),
};
