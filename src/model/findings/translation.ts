/** 07: translation. */
import { entry } from './entry.ts';

export const translation = {
  ISTH0701: entry(
    'warning',
    'Rule is not enforced by a kind of proxy',
    'Use metaproxy, or an Envoy that is built with the MetaProtocol filter and the codec, where the rule must hold.',
  ),
  ISTH0702: entry('warning', 'Codec is not available to a kind of proxy', 'Use metaproxy for services that speak it.'),
  ISTH0703: entry('info', 'Port is not proxied', 'Only TCP is: callers reach the port without a proxy.'),
  ISTH0704: entry('warning', 'Load balancing is not as written', 'Write a size that proxies take.'),
  ISTH0705: entry('warning', 'Resolution is not supported', 'Use STATIC, DNS, DNS_ROUND_ROBIN or NONE.'),
  ISTH0706: entry('info', 'Rate limit is filled less often', 'Write a fillInterval of at least 50ms.'),
  ISTH0707: entry('warning', 'Access log format is not usable', 'Write a JSON object of names and format strings.'),
  ISTH0708: entry(
    'info',
    'Original destination is not followed',
    'Give the service endpoints (resolution STATIC or DNS), or let its callers run an Envoy.',
  ),
  ISTH0709: entry(
    'warning',
    'Istio cannot be told all of a service',
    'Have Istio served by isthmus itself, or give endpoints that differ in their ports hosts of their own.',
  ),
  ISTH0710: entry(
    'warning',
    'Rate limit is not enforced everywhere',
    'Run a proxy beside each workload (isthmus proxy --address ADDRESS): the limit is counted there, not at the caller.',
  ),
  ISTH0711: entry(
    'info',
    'Method is not seen in calls of every service',
    'Where callers use TMultiplexedProtocol, name their service in the rule as well.',
  ),
  ISTH0712: entry(
    'warning',
    'Headless service is not reached',
    'Have connections redirected to the proxies of its callers (--interception redirect), or give the service an address.',
  ),
  ISTH0713: entry(
    'warning',
    'Hosts of one address are not told apart by a kind of proxy',
    'Give each host an address of its own, or let its callers run an Envoy, which reads server names.',
  ),
  ISTH0714: entry(
    'warning',
    'Istio is given no filter for a port',
    'Give the service what the message names; until then Istio passes its connections on as plain TCP.',
  ),
  ISTH0715: entry(
    'warning',
    'Filter can end the process of a proxy',
    'Name the port tcp-metaprotocol-dubbo, and let its proxies read MetaProtocol.',
  ),
  ISTH0716: entry(
    'info',
    'Credentials have to be files of the proxies',
    'Mount the Secret for the proxies that call, and say so by their node metadata: see docs/istio-companion.md, Passwords of Redis.',
  ),
};
