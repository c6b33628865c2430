/**
 * Every finding the product can make: its stable code, severity, title and general remedy. A code is never reused.
 * Ranges: 00 files and documents, 01 schemas, 02 rules of the kinds, 03 hosts and protocols, 04 virtual IPs,
 * 05 routes and policies, 06 codecs, 07 translation, 08 xDS, 09 state and operation, 10 registries, 11 migrations,
 * 12 identity and certificates, 13 access and splits, 14 Open Service Mesh's policies.
 */
export type Severity = 'error' | 'warning' | 'info';

interface CatalogueEntry {
  readonly severity: Severity;
  readonly title: string;
  readonly remedy: string;
}

const entry = (severity: Severity, title: string, remedy: string): CatalogueEntry => ({ severity, title, remedy });

export const catalogue = {
  // 00: files and documents
  ISTH0001: entry('error', 'File cannot be read', 'Make the file readable for the user that runs isthmus.'),
  ISTH0002: entry('error', 'Document is not valid YAML', 'Correct the YAML at the place named.'),
  ISTH0003: entry('error', 'Key written twice', 'Keep one of the two: readers differ in which of them counts.'),
  ISTH0004: entry('error', 'Aliases expand without bound', 'Write the repeated part out, or repeat less of it.'),
  ISTH0005: entry('error', 'Too large', 'Split it: a file may have 32 MiB, a document in it 4 MiB.'),
  ISTH0006: entry('error', 'Not UTF-8 text', 'Save the file as UTF-8.'),
  ISTH0007: entry(
    'error',
    'YAML that readers disagree about',
    'Write the value in plain YAML 1.2, without tags or merge keys.',
  ),
  ISTH0008: entry(
    'warning',
    'Value that YAML 1.1 reads otherwise',
    'Quote it if it is text; otherwise write it as YAML 1.2 does: true, false, 0o17, a plain decimal number.',
  ),
  ISTH0009: entry('error', 'Nested too deeply', 'Use at most 64 levels.'),
  ISTH0010: entry('error', 'Object written twice', 'Remove one of the documents, or give it another name.'),
  ISTH0011: entry(
    'info',
    'File looks half-written',
    'Nothing, if it is being saved: what was there before stays in force.',
  ),
  ISTH0012: entry('warning', 'Last good version stays in force', 'Correct the document named, or remove it.'),
  ISTH0013: entry(
    'error',
    'Folder cannot be seen',
    'Make it readable. Until then nothing that came from it is removed.',
  ),
  ISTH0014: entry(
    'warning',
    'Folder or file is empty',
    'Nothing was removed. To remove the last objects, leave a file in place that holds only a comment.',
  ),
  ISTH0015: entry(
    'warning',
    'Folder cannot be watched',
    'Raise fs.inotify.max_user_watches. Until then changes are noticed by looking from time to time.',
  ),
  ISTH0016: entry('warning', 'Manifest is passed over', 'Put a regular file in its place, at most 32 folders deep.'),

  // 01: schemas
  ISTH0101: entry('error', 'Unknown kind', 'Use a kind and apiVersion that isthmus reads: see the README.'),
  ISTH0102: entry('warning', 'Unknown field', 'Remove the field, or correct its spelling.'),
  ISTH0103: entry('error', 'Value has the wrong type', 'Write a value of the type named; put texts in quotes.'),
  ISTH0104: entry('error', 'Field is missing', 'Add the field.'),
  ISTH0105: entry('error', 'Value is not allowed', 'Write a value within the bounds named.'),
  ISTH0107: entry('error', "Kind's rule is violated", 'Change the object so that the rule named holds.'),
  ISTH0109: entry('error', 'Document is no API object', 'Give it an apiVersion, a kind and metadata with a name.'),
  ISTH0110: entry('info', 'Kind is not read', 'Nothing, if isthmus is not meant to read it.'),
  ISTH0111: entry('warning', 'Kind is not supported yet', 'Do not rely on it: isthmus does nothing with the object.'),
  ISTH0112: entry('error', 'Value is not plain data', 'Write texts, finite numbers, true, false, lists and maps only.'),
  ISTH0113: entry('error', 'Object is too large', 'Split the object, or move its endpoints into WorkloadEntries.'),
  ISTH0114: entry('info', 'Fields have no effect yet', 'Do not rely on these fields: nothing reads them yet.'),
  ISTH0115: entry('warning', 'More findings than are listed', 'Mend those that are listed, then validate again.'),
  ISTH0116: entry(
    'error',
    'Object is not named properly',
    'Use lower-case letters, digits, - and . as Kubernetes does.',
  ),
  ISTH0117: entry('warning', 'Kind has no namespace', 'Remove metadata.namespace: there is one such object for all.'),
  ISTH0118: entry('error', 'Unknown field in a condition or limit', 'Correct its spelling, or remove it.'),

  // 02: rules of the kinds, beyond their schemas
  ISTH0201: entry('error', 'Host name is not valid', 'Write a DNS name, such as orders.shop.mesh.'),
  ISTH0202: entry('error', 'Address is not valid', 'Write an IP address, or what the resolution asks for.'),
  ISTH0203: entry('error', 'Port is not valid', 'Give each port a number and a name of its own, and use these names.'),
  ISTH0204: entry(
    'error',
    'Label is not valid',
    'Write labels as Kubernetes takes them: at most 63 of A-Z a-z 0-9 - _ .',
  ),
  ISTH0205: entry('error', 'exportTo is not valid', "Write '*', '~', or a list of '.' and namespaces, each once."),
  ISTH0206: entry('error', 'Fields exclude each other', 'Keep one of the fields named.'),
  ISTH0207: entry('error', 'Port protocol is not known', 'Write TCP, or another of the protocols named.'),
  ISTH0208: entry('error', 'Duration is not valid', 'Write a number and a unit (h, m, s, ms), such as 100ms or 1h30m.'),
  ISTH0209: entry(
    'error',
    'Regular expression is not valid',
    'Write it in RE2 syntax: no look-around, no back-references.',
  ),
  ISTH0210: entry('error', 'Weights do not add up', 'Let the weights of the destinations add up to 100.'),
  ISTH0211: entry(
    'error',
    'Mirror is not complete',
    'Give mirrorPercentage a mirror, and a value above 0 and up to 100.',
  ),
  ISTH0212: entry('error', 'Rate limit is not complete', 'Give it a tokenBucket, or conditions with one each.'),
  ISTH0213: entry('warning', 'Route can never match', 'Put routes without a match last; keep one of them.'),
  ISTH0214: entry('error', 'Object is not complete', 'Add what is missing.'),
  ISTH0215: entry('error', 'Locality is not valid', 'Write region/zone/subzone, region/zone or region.'),
  ISTH0216: entry('warning', 'Entry is repeated', 'Remove the repetition; it has no effect.'),
  ISTH0217: entry('warning', 'Service has no ports', 'Add the ports that callers dial: nothing can reach it without.'),
  ISTH0218: entry('error', 'Name or number is used twice', 'Give each its own.'),
  ISTH0219: entry(
    'error',
    'Protocol name is not valid',
    'Use letters and digits only: it stands between hyphens in port names.',
  ),
  ISTH0220: entry('error', 'Service account is not valid', 'Write the name of a service account, in lower case.'),
  ISTH0221: entry('warning', 'Istio refuses this', 'Nothing, if Istio does not read the object.'),
  ISTH0222: entry('error', 'Load balancing is not valid', 'Write a value that proxies take.'),
  ISTH0223: entry('error', 'Address range is not valid', 'Write ranges such as 240.241.0.0/16 that do not overlap.'),
  ISTH0224: entry('warning', 'Nothing gets through', 'Nothing, if it is meant; otherwise fill what is named.'),
  ISTH0225: entry('error', 'Policy stands in a foreign namespace', 'Move it to the namespace of what it rules.'),
  ISTH0226: entry(
    'error',
    'Weight is not valid',
    'Write a whole number, or a quantity such as 500m, that is not negative.',
  ),
  ISTH0227: entry(
    'error',
    'SPIFFE id is not valid',
    'Write spiffe://<trust domain>/ns/<namespace>/sa/<service account>.',
  ),
  ISTH0228: entry(
    'error',
    'Condition on a header is not valid',
    'Write the name of a header, and an expression for its value.',
  ),
  ISTH0229: entry(
    'warning',
    'Restriction restricts nothing',
    'Do not rely on it: mend what makes it void, or remove it.',
  ),
  ISTH0240: entry('error', 'Condition on requests is not valid', 'Write what the message asks for.'),
  ISTH0241: entry(
    'error',
    'Policy cannot be read, and closes what it is for',
    'Mend its errors, or remove it: what it was written to keep out cannot be told.',
  ),

  // 03: hosts and protocols
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
  ISTH0317: entry(
    'info',
    'Built-in protocol is replaced',
    'Nothing, if it is meant: all ports of that protocol are read by this codec now.',
  ),
  ISTH0313: entry(
    'warning',
    'Address is written for several hosts',
    'Give each host an address, or ports, of its own.',
  ),
  ISTH0314: entry('info', 'Port is not served', 'Only TCP and UDP ports with a number of their own are served.'),
  ISTH0315: entry('warning', 'Selector picks nothing', 'Write at least one label into the workloadSelector.'),
  ISTH0316: entry('warning', 'There are several MeshConfigs', 'Keep one.'),
  ISTH0319: entry(
    'warning',
    'Host is served from several registries',
    'Nothing, if they are one service. Else give one of them another host: spec.mapping.host, or trust.hostSuffixes of the ServiceRegistry.',
  ),

  // 04: virtual IPs
  ISTH0401: entry('error', 'No virtual IP is left', 'Widen the ranges of virtual IPs, or remove hosts that need none.'),
  ISTH0402: entry(
    'error',
    'Written address is leased to another host',
    'Write another address: an address that callers use already does not move.',
  ),
  ISTH0403: entry(
    'warning',
    'Virtual IP lies outside the ranges',
    'Nothing, if callers reach it there; otherwise name its range in the MeshConfig too. It stays as long as its host: to move it, remove the host for longer than the quarantine.',
  ),
  ISTH0404: entry(
    'warning',
    'Written range takes a whole range of virtual IPs',
    'Choose ranges of virtual IPs that nobody writes: virtual IPs are handed out from it all the same.',
  ),

  // 05: routes and policies
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
  ISTH0509: entry('error', 'Route leads nowhere', 'Give the route destinations whose weights are not all 0.'),

  // 06: codecs
  ISTH0601: entry('error', 'ProtocolCodec cannot be compiled', 'Correct the description at the path named.'),

  // 07: translation
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
    'Local rate limit is not enforced everywhere',
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

  // 08: xDS
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

  // 09: state and operation
  ISTH0901: entry(
    'error',
    'State folder cannot be written',
    'Make room, or make it writable. What is leased stays; new hosts get their addresses when it can be written again.',
  ),
  ISTH0902: entry(
    'warning',
    'State file was damaged',
    'Nothing at once: what could be read is in force. The damaged file was set aside; look into the disk.',
  ),
  ISTH0903: entry(
    'warning',
    'State file was cut or emptied',
    'Nothing after a crash or a power failure. Otherwise see who else writes into the folder; to have all addresses as they were, stop isthmus and put back a copy of the file.',
  ),
  ISTH0990: entry(
    'error',
    'A derivation failed',
    'This is a defect of isthmus: report it with the object named. What was derived before stays in force.',
  ),

  // 10: registries
  ISTH1001: entry('error', 'Registry address is not valid', 'Write host:port, or a URL such as https://consul:8501.'),
  ISTH1002: entry('error', 'Host name of a mapping is not valid', 'Write one such as {service}.{namespace}.corp.mesh.'),
  ISTH1003: entry(
    'error',
    'Registry cannot be reached',
    'Look into its address, credentials and network. What it said last stays in force.',
  ),
  ISTH1004: entry(
    'warning',
    'Registry answers in part only',
    'Look into its state, unless it was just started: this passes by itself when the registry is sound. Nothing is removed by such an answer.',
  ),
  ISTH1005: entry(
    'warning',
    'Deletions are held',
    'If they are meant: isthmus registry release. Otherwise look into the registry; they are carried out when the hold time is over.',
  ),
  ISTH1006: entry(
    'warning',
    'Registration is refused',
    'Widen spec.trust of the ServiceRegistry, if it is to be allowed.',
  ),
  ISTH1007: entry(
    'warning',
    'Names of two registered services make one host',
    'Nothing, where the later one got a suffix. For a name of your choice give the mapping another host template; who is not served has to be registered by another name.',
  ),
  ISTH1008: entry(
    'warning',
    'All instances are unhealthy',
    'Look into the service. safety.whenAllUnhealthy says what happens.',
  ),
  ISTH1009: entry(
    'info',
    'Instances are left out',
    'Nothing, if it is meant: they are of another protocol than the port of the service.',
  ),
  ISTH1010: entry(
    'warning',
    'Registry was not seen since the start',
    'What is served is what it said before the start.',
  ),
  ISTH1011: entry(
    'info',
    'Registry is not asked',
    'isthmus registry check asks it. For its services here, export them: isthmus registry export, type: Snapshot.',
  ),
  ISTH1012: entry(
    'warning',
    'ServiceEntry asks for a service that no registry has',
    'Correct its annotations aeraki.net/polarisNamespace and polarisService, or register the service.',
  ),
  ISTH1013: entry(
    'warning',
    'Mesh service cannot be registered under its name',
    'Give publish.name of the ServiceRegistry a form that tells services apart, and that the registry takes.',
  ),
  ISTH1014: entry(
    'error',
    'Mesh services cannot be registered',
    'Look into the registry, and into what our token may write. What is registered lapses without signs of life.',
  ),

  ISTH1015: entry(
    'warning',
    'Registry changes too fast',
    'Look into what flaps there. trust.maxChanges says how many services may change in a minute.',
  ),
  ISTH1016: entry(
    'warning',
    'Registry keeps a part from our credentials',
    'Give spec.credentials of the ServiceRegistry the right to read it (for Consul, options.filtered: complete says that it is none of ours). Until then nothing of that part is removed.',
  ),
  ISTH1017: entry(
    'warning',
    'Registry holds what is no registration',
    'Correct or delete these entries in the registry, or spec.options where it says how they are to be read. All others count.',
  ),
  ISTH1018: entry(
    'warning',
    'Registry holds rules that are not carried out',
    'Say the same by a MetaRouter or a DestinationRule, or delete them in the registry. The providers count as they registered themselves.',
  ),
  ISTH1019: entry(
    'warning',
    'Registry holds more than is followed',
    'Narrow spec.select of the ServiceRegistry to what the mesh needs, or raise trust.maxServices. Nothing is removed for what is not followed.',
  ),
  ISTH1020: entry(
    'warning',
    'Registry lacks what is read of it',
    'Correct spec.select.namespaces, or the paths in spec.addresses and spec.options; or look whether the registry lost its data. Nothing is removed by it.',
  ),
  ISTH1021: entry(
    'error',
    'Options of a registry are not valid',
    'Correct spec.options of the ServiceRegistry. It is not asked until then; what it said last stays in force.',
  ),

  // 13: who may call whom
  ISTH1301: entry(
    'error',
    'Access rule opens a foreign workload',
    'Move the object into the namespace of its destination: who may call a workload is said there.',
  ),
  ISTH1302: entry('error', 'Identity is not known', 'Correct the name of the IdentityBinding, or add it.'),
  ISTH1303: entry(
    'warning',
    'Pods cannot be selected',
    'Name the serviceAccount, or the spiffeIdentities, in the IdentityBinding.',
  ),
  ISTH1304: entry('error', 'Access rule names an unknown route', 'Correct the name, or add the route or group.'),
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
  ISTH1322: entry(
    'warning',
    'Proxy does not speak mutual TLS',
    'Put an Envoy or metaproxy beside the workload, or leave the service out of the mesh that demands certificates.',
  ),
  ISTH1321: entry(
    'error',
    'No certificates can be issued',
    'Do what the message says. Proxies keep what they have; those that come get no certificate, and can call nobody.',
  ),
  ISTH1330: entry('error', 'Split is for no service', 'Correct the name of the service, or add it to the namespace.'),
  ISTH1331: entry('error', 'Split names an unknown backend', 'Correct its name, or add it to the namespace.'),
  ISTH1332: entry(
    'error',
    'Backend has not the port of its root',
    'Give the backend a port of this number: callers dial the root, and each backend answers on the same port.',
  ),
  ISTH1333: entry('warning', 'Split lets nothing through', 'Give a weight to a backend that has the port.'),
  ISTH1334: entry('error', 'Split names an unknown group', 'Correct the name, or add the HTTPRouteGroup.'),
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
  ISTH1344: entry('warning', 'Traffic setting is not enforced by a kind of proxy', 'Put an Envoy where it must hold.'),
  ISTH1350: entry(
    'warning',
    'Rules for requests close a port',
    'Put a proxy that reads the protocol beside the workload, or permit connections: by a TCPRoute, or without conditions.',
  ),
  ISTH1351: entry(
    'warning',
    'Policy has no effect while access is disabled',
    'Set spec.access.mode of the MeshConfig: without certificates nobody can tell who calls.',
  ),
  ISTH1320: entry(
    'warning',
    'Endpoint names no service account',
    'Write serviceAccount at the endpoint: without it nobody can tell who stands there, and it is given no requests.',
  ),

  // 11: migrations
  ISTH1101: entry(
    'warning',
    'Migration names an unknown host',
    'Correct the host, unless a registry declares it that is not seen here. Until then all requests go where they went.',
  ),
  ISTH1102: entry(
    'warning',
    'Migration has nowhere to go',
    'Let the new endpoints become healthy. Until then all requests go to those that are there.',
  ),
  ISTH1103: entry('warning', 'Another migration of this host comes first', 'Keep one MigrationPlan for the host.'),
  ISTH1104: entry(
    'error',
    'Migration stands in a foreign namespace',
    'Move the MigrationPlan into the namespace of the service, or into the root namespace.',
  ),
  ISTH1105: entry('error', 'Port has nowhere to migrate to', 'Name the port of the new host in spec.to.ports.'),
  ISTH1106: entry('info', 'Retirement waits', 'Nothing: the host goes when it has been quiet for spec.quiet.'),
  ISTH1107: entry('error', 'Alias is taken', 'Choose a name that no host of the mesh and no other plan has.'),
  ISTH1108: entry('error', 'MigrationPlan is not valid', 'Correct the field at the path named.'),
  ISTH1109: entry(
    'warning',
    'Host is not removed',
    'Remove the object that declares it by hand: it is yours, not that of a registry.',
  ),
  // 12: identity and certificates
  ISTH1201: entry(
    'error',
    'Certificates cannot be issued',
    'Look into the authority named. Certificates that were issued stay in use until they expire.',
  ),
  ISTH1202: entry(
    'error',
    'Root certificate has expired',
    'Rotate the root at once, by force: nothing that it signed is trusted any more.',
  ),
  ISTH1203: entry('warning', 'Root certificate expires soon', 'Rotate the root: that takes as long as a leaf lives.'),
  ISTH1204: entry('info', 'Rotation of the root is under way', 'Take the next step when it is safe, or abort.'),
  ISTH1205: entry(
    'warning',
    'Private key may be read by others',
    'Let its owner alone read the file (chmod 600), and rotate the root if somebody may have read it.',
  ),
  ISTH1206: entry(
    'warning',
    'Certificate files cannot be used',
    'Complete or correct the files named. What was read last stays in force.',
  ),
  ISTH1207: entry(
    'warning',
    'Certificate is not renewed',
    'Look into the authority: it is asked again until the certificate expires.',
  ),
  ISTH1208: entry(
    'error',
    'Certificate has expired',
    'Look into the authority, and into the clock: peers refuse the workload until a certificate is issued.',
  ),
  ISTH1209: entry(
    'info',
    'Former root is still trusted',
    'Nothing: it goes when the last certificate that it signed has expired.',
  ),
  ISTH1210: entry(
    'warning',
    'Issuer is not taken over yet',
    'Mend what the message names, or wait: until then the issuer before goes on to sign.',
  ),
  ISTH1211: entry(
    'error',
    'Root certificate is not in force',
    'Correct the field named, or leave the object out: who signs now goes on.',
  ),
  ISTH1212: entry(
    'error',
    'Trust domain is not taken over',
    'Write the former one back. Another one makes every workload somebody else: start another mesh for it, and let the two trust each other by spec.trustBundles.',
  ),
  ISTH1213: entry(
    'info',
    'Root certificate is followed in another way',
    'Nothing, if what the message says is what you want.',
  ),
  ISTH1214: entry(
    'warning',
    'Bundle of another trust domain cannot be used',
    'Complete or correct the file named. What was read last stays in force.',
  ),

  // 14: Open Service Mesh's policies
  ISTH1401: entry('info', 'Setting is not applied', 'Do not rely on it; remove it if nothing else reads the object.'),
  ISTH1402: entry(
    'warning',
    'Settings contradict each other',
    "Remove one of the two: isthmus.dev's MeshConfig is in force.",
  ),
  ISTH1403: entry('warning', 'Setting opens what it guards', 'Nothing, if it is meant; otherwise switch it off.'),
  ISTH1404: entry('warning', 'Egress lets nothing out', 'Name a host, by which workloads reach it.'),
  ISTH1405: entry('warning', 'Policies disagree about a port', 'Let all policies give the port one protocol.'),
  ISTH1410: entry('error', 'Ingress is for no workload', 'Correct the name of the service, or its target port.'),
  ISTH1411: entry('warning', 'Ingress lets nobody in', 'Name a Service or a range of addresses among its sources.'),
  ISTH1412: entry('warning', 'Ingress is not in force', 'Keep one IngressBackend for each port of a workload.'),
  ISTH1413: entry(
    'warning',
    'Ingress keeps nobody out',
    'Set access.mode of the MeshConfig to Permissive or Enforced.',
  ),
  ISTH1414: entry('warning', 'Source of an ingress is not known', 'Correct its name, or declare its endpoints.'),
  ISTH1415: entry(
    'warning',
    'Kind of proxy takes nothing from outside the mesh',
    'Let a stock Envoy stand beside the workload.',
  ),
  ISTH1420: entry('warning', 'Telemetry names an unknown collector', 'Correct the name, or add the ExtensionService.'),
  ISTH1421: entry('warning', 'Telemetry is not in force', 'Keep one Telemetry for the same workloads.'),
  ISTH1422: entry(
    'info',
    'Telemetry is for what workloads take in alone',
    'Write a Telemetry in the root namespace for what they send.',
  ),
  ISTH1407: entry(
    'info',
    'Kind of proxy is not told of an egress',
    'Let an Envoy stand beside the workloads that need it.',
  ),
  ISTH1406: entry(
    'warning',
    'Egress is for a host that is declared already',
    'Remove the host from the policy, or the other declaration: whoever may see that may reach it.',
  ),
} as const satisfies Record<string, CatalogueEntry>;

export type FindingCode = keyof typeof catalogue;
