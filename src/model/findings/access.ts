/** 13: who may call whom. */
import { entry } from './entry.ts';

export const access = {
  ISTH1301: entry(
    'error',
    'Access rule opens a foreign workload',
    'Move the object into the namespace of its destination: who may call a workload is said there.',
  ),
  ISTH1302: entry(
    'error',
    'Identity is not known',
    'Correct the name of the IdentityBinding, or add it. If it is there, it is refused: mend its own errors first.',
  ),
  ISTH1303: entry(
    'warning',
    'Pods cannot be selected',
    'Name the serviceAccount, or the spiffeIdentities, in the IdentityBinding.',
  ),
  ISTH1304: entry(
    'error',
    'Access rule names an unknown route',
    'Correct the name, or add the route or group. If it is there, it is refused: mend its own errors first.',
  ),
  ISTH1305: entry('error', 'Access rule names an unknown match', 'Use the name of one of the matches of the group.'),
  ISTH1306: entry(
    'warning',
    'UDP is not controlled',
    'Restrict UDP by other means: it does not pass through a proxy, with or without a UDPRoute.',
  ),
  ISTH1307: entry('warning', 'Access rule permits nothing', 'Complete it, or remove it.'),
  ISTH1308: entry(
    'warning',
    'Mode of access is not written any more',
    'Write spec.access.mode in a MeshConfig; Disabled switches access control off.',
  ),
  ISTH1320: entry(
    'warning',
    'Endpoint names no service account',
    'Write serviceAccount at the endpoint: without it nobody can tell who stands there, and it is given no requests.',
  ),
  ISTH1321: entry(
    'error',
    'No certificates can be issued',
    'Do what the message says. Proxies keep what they have; those that come get no certificate, and can call nobody.',
  ),
  ISTH1322: entry(
    'warning',
    'Proxy does not speak mutual TLS',
    'Put an Envoy or metaproxy beside the workload, or leave the service out of the mesh that demands certificates.',
  ),
  ISTH1330: entry('error', 'Split is for no service', 'Correct the name of the service, or add it to the namespace.'),
  ISTH1331: entry('error', 'Split names an unknown backend', 'Correct its name, or add it to the namespace.'),
  ISTH1332: entry(
    'error',
    'Backend has not the port of its root',
    'Give the backend a port of this number: callers dial the root, and each backend answers on the same port.',
  ),
  ISTH1333: entry('warning', 'Split lets nothing through', 'Give a weight to a backend that has the port.'),
  ISTH1334: entry(
    'error',
    'Split names an unknown group',
    'Correct the name, or add the HTTPRouteGroup. If it is there, it is refused: mend its own errors first.',
  ),
  ISTH1335: entry('warning', 'Split is not in force', 'Remove one of the two, or let them choose other requests.'),
  ISTH1336: entry(
    'warning',
    'Split cannot choose requests here',
    'Leave its matches out, or say by the name or appProtocol of the port that it speaks HTTP.',
  ),
  ISTH1337: entry(
    'warning',
    'Routes go before the split',
    'Write the weights into the MetaRouter, or remove its routes.',
  ),
  ISTH1338: entry(
    'error',
    'Backend has no endpoints of its own',
    'Choose another resolution for the backend: one that goes wherever a caller dials cannot be dialled in its place.',
  ),
  ISTH1339: entry(
    'warning',
    'Split is not enforced as written',
    'Put an Envoy beside callers that need it, or write a split that does not depend on the requests.',
  ),
  ISTH1341: entry('error', 'Policy names an unknown service', 'Correct the name, or add it to the namespace.'),
  ISTH1342: entry(
    'warning',
    'Policy for requests is for a service without any',
    'Say by the name or appProtocol of the port that it speaks HTTP, or remove what is for requests.',
  ),
  ISTH1343: entry('warning', 'Another policy of this kind is in force', 'Keep one of the two.'),
  ISTH1344: entry('warning', 'Traffic setting is not enforced by a kind of proxy', 'Put an Envoy where it must hold.'),
  ISTH1345: entry(
    'error',
    'Rate limit service cannot be asked',
    'Do what the message says, or name a rate limit service outside of the mesh.',
  ),
  ISTH1346: entry(
    'warning',
    'No request is for the path',
    'Correct the path, or permit requests of it: none that are permitted can match.',
  ),
  ISTH1347: entry(
    'info',
    'Backend without a weight cannot be sent to',
    'Nothing while its weight is 0; before it is given one, do what the message asks for.',
  ),
  ISTH1350: entry(
    'warning',
    'Rules for requests close a port',
    'Put a proxy that reads the protocol beside the workload, or permit connections: by a TCPRoute, or without conditions.',
  ),
  ISTH1352: entry(
    'error',
    'Tokens are not looked at',
    'Put an Envoy beside the workload, and name or type the port as HTTP; until then do not rely on tokens there.',
  ),
  ISTH1353: entry(
    'error',
    'Keys of an issuer cannot be had',
    'Write the keys into jwks, or a jwksUri with http:// and the host and port of a service of the mesh. Until then no token is valid.',
  ),
  ISTH1351: entry(
    'warning',
    'Policy has no effect while access is disabled',
    'Write spec.access.mode Enforced in a MeshConfig: without certificates nobody can tell who calls.',
  ),
  ISTH1354: entry(
    'warning',
    'TrafficTarget keeps nobody out while access is permissive',
    'Write spec.access.mode Enforced in a MeshConfig (for Open Service Mesh: enablePermissiveTrafficPolicyMode: false) when every call that is to pass has a TrafficTarget.',
  ),
};
