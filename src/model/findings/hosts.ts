/** 03: hosts and protocols. */
import { entry } from './entry.ts';

export const hosts = {
  ISTH0301: entry(
    'warning',
    'Host is declared differently by several objects',
    'Let one object define the host; the others may add endpoints with the same ports.',
  ),
  ISTH0302: entry(
    'warning',
    'Host is declared in several namespaces',
    'Callers of a namespace that declares it get its own, all others the first. Limit exportTo if this is not meant.',
  ),
  ISTH0303: entry('error', 'Port names no application protocol', 'Name the port tcp-metaprotocol-<protocol>[-<text>].'),
  ISTH0304: entry('error', 'Application protocol is not registered', 'Add an ApplicationProtocol for it.'),
  ISTH0305: entry(
    'warning',
    'Application protocol is registered more than once',
    'Keep one ApplicationProtocol for it.',
  ),
  ISTH0306: entry(
    'warning',
    'Codec is not known',
    'Correct the name, or add a ProtocolCodec of this name, or mend the one there is.',
  ),
  ISTH0307: entry(
    'warning',
    'Codec name is used by several ProtocolCodecs',
    'Give each ProtocolCodec a name of its own.',
  ),
  ISTH0308: entry('warning', 'Endpoint cannot be used', 'Write an IP address, or what the resolution asks for.'),
  ISTH0309: entry('warning', 'Endpoint names an unknown port', 'Use the name of one of the ports of the service.'),
  ISTH0310: entry('warning', 'Endpoint is given twice, differently', 'Give each address and port of a service once.'),
  ISTH0311: entry(
    'warning',
    'One endpoint port serves several protocols or limits',
    'Let the services that share the port agree on its protocol and rate limits.',
  ),
  ISTH0312: entry('info', 'WorkloadGroup has no effect', 'Write a WorkloadEntry for each workload.'),
  ISTH0313: entry(
    'warning',
    'Address is written for several hosts',
    'Give each host an address, or ports, of its own.',
  ),
  ISTH0314: entry('info', 'Port is not served', 'Only TCP and UDP ports with a number of their own are served.'),
  ISTH0315: entry('warning', 'Selector picks nothing', 'Write at least one label into the workloadSelector.'),
  ISTH0316: entry('warning', 'There are several MeshConfigs', 'Keep one.'),
  ISTH0317: entry(
    'info',
    'Built-in protocol is replaced',
    'Nothing, if it is meant: all ports of that protocol are read by this codec now.',
  ),
  ISTH0319: entry(
    'warning',
    'Host is served from several registries',
    'Nothing, if they are one service. Else give one of them another host: spec.mapping.host, or trust.hostSuffixes of the ServiceRegistry.',
  ),
  ISTH0320: entry('info', 'Object has no effect on proxies of isthmus', 'Do not rely on it.'),
  ISTH0322: entry(
    'error',
    'Policy closes what it cannot tell apart',
    'Write it with what proxies of isthmus see (ALLOW by principals, methods, paths, hosts and ports), or say who may call whom by a TrafficTarget.',
  ),
  ISTH0321: entry(
    'warning',
    'Policy has no effect yet',
    'Do not rely on it: say who may call whom by a TrafficTarget.',
  ),
};
