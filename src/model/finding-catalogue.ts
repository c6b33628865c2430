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

  // 01: schemas
  ISTH0101: entry('error', 'Unknown kind', 'Use a kind and apiVersion that isthmus reads: see the README.'),
  ISTH0102: entry('warning', 'Unknown field', 'Remove the field, or correct its spelling.'),

  // 02: resources across documents

  // 03: hosts and protocols

  // 04: virtual IPs

  // 05: routes and policies

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
