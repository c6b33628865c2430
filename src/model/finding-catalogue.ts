/**
 * Every finding the product can make: its stable code, severity, title and general remedy. A code is never reused.
 * Ranges: 00 files and documents, 01 schemas, 02 resources across documents, 03 hosts and protocols, 04 virtual IPs,
 * 05 routes and policies, 06 codecs, 07 translation, 08 xDS, 09 state and operation.
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

  // 01: schemas
  ISTH0101: entry('error', 'Unknown kind', 'Use a kind and apiVersion that isthmus reads: see the README.'),
  ISTH0102: entry('warning', 'Unknown field', 'Remove the field, or correct its spelling.'),

  // 02: resources across documents

  // 03: hosts and protocols
  ISTH0301: entry(
    'warning',
    'Host is declared differently by several objects',
    'Let one object define the host; the others may add endpoints with the same ports.',
  ),
  ISTH0302: entry(
    'info',
    'Host is declared in several namespaces',
    'Callers get that of their own namespace first. Limit exportTo if this is not meant.',
  ),
  ISTH0303: entry('error', 'Port names no application protocol', 'Name the port tcp-metaprotocol-<protocol>[-<text>].'),
  ISTH0304: entry('error', 'Application protocol is not registered', 'Add an ApplicationProtocol for it.'),
  ISTH0305: entry(
    'warning',
    'Application protocol is registered more than once',
    'Keep one ApplicationProtocol for it.',
  ),
  ISTH0306: entry('warning', 'Codec is not known', 'Correct the name, or add a ProtocolCodec of this name.'),
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

  // 04: virtual IPs

  // 05: routes and policies
  ISTH0501: entry('warning', 'Another rule of this host comes first', 'Keep one rule for the host.'),
  ISTH0502: entry('info', 'Part of the rule has no effect', 'Nothing reads these fields yet: do not rely on them.'),
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

  // 06: codecs

  // 07: translation

  // 08: xDS

  // 09: state and operation
  ISTH0990: entry(
    'error',
    'A derivation failed',
    'This is a defect of isthmus: report it with the object named. What was derived before stays in force.',
  ),
} as const satisfies Record<string, CatalogueEntry>;

export type FindingCode = keyof typeof catalogue;
