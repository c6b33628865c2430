/**
 * Reads one document of a file into plain JSON-like data, whatever its bytes are.
 *
 *   file -> document-cuts -> readDocument -> value  -> reader.ts -> typed resource
 *                                 |-> problem -> finding           document-places: path -> line and column
 *
 * The fast reader (js-yaml) reads everything. What it met on the way (anchors, tags, directives, YAML 1.1 leftovers) tells
 * whether the second reader (yaml) must agree: where the two differ, so would two programs of a user's, and the document is
 * refused. What never happens: a throw, a value that is not JSON, a value with `__proto__` in it, an alias that expands
 * without bound, a cycle, or a read that takes longer than its size explains.
 */
import { isUtf8 } from 'node:buffer';
import { CORE_SCHEMA, constructFromEvents, mapTag, parseEvents, YAMLException } from 'js-yaml';
import { messageOf } from '../model/errors.ts';
import type { FindingCode } from '../model/finding-catalogue.ts';
import { inspectEvents } from './document-inspection.ts';
import { documentLimits } from './document-limits.ts';
import { agreesWithSecondReader } from './document-places.ts';
import { type DocumentProblem, placeAt } from './document-problem.ts';

export type DocumentReading =
  /** Null, which stands for nothing at all. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'value'; readonly value: unknown; readonly warnings: readonly DocumentProblem[] }
  | { readonly kind: 'refused'; readonly problem: DocumentProblem };

export type DocumentSyntax = 'yaml' | 'json';

/** Mappings with only such keys as every reader gives alike. */
const schema = CORE_SCHEMA.withTags({
  ...mapTag,
  addPair(carrier: Record<string, unknown>, key: unknown, value: unknown): string {
    if (key === '__proto__') return 'a key must not be __proto__';
    if (key === null) return 'a key must not be null';
    return mapTag.addPair(carrier, key, value);
  },
});

/** Text of a document, or undefined where it is not UTF-8. */
export function decodeDocument(bytes: Buffer): string | undefined {
  return isUtf8(bytes) ? bytes.toString('utf8').replace(/^\uFEFF/, '') : undefined;
}

/** Reads the one document that a cut gave, or a whole JSON file. */
export function readDocument(text: string, syntax: DocumentSyntax = 'yaml'): DocumentReading {
  if (text.length > documentLimits.documentBytes) {
    return refuse('ISTH0005', `the document has ${text.length} characters, more than ${documentLimits.documentBytes}`);
  }
  return syntax === 'json' ? readJson(text) : readYaml(text);
}

function readYaml(text: string): DocumentReading {
  const events = attempt(() => parseEvents(text, { maxDepth: documentLimits.depth }));
  if (!events.ok) return events.refused;
  const traits = inspectEvents(text, events.value);
  const constructed = attempt(() =>
    constructFromEvents(events.value, { source: text, schema, maxAliases: documentLimits.aliases }),
  );
  if (!constructed.ok) return constructed.refused;
  const [value] = constructed.value;
  if (value === null || value === undefined) return { kind: 'empty' };
  if (traits.refusal !== undefined) return { kind: 'refused', problem: traits.refusal };
  if (traits.hasAliases && countExpanded(value) > documentLimits.expandedValues) {
    return refuse('ISTH0004', `with its aliases written out it has more than ${documentLimits.expandedValues} values`);
  }
  if (traits.isRisky && !isAgreed(text, value)) {
    return refuse('ISTH0007', 'YAML readers differ in what this document means');
  }
  return { kind: 'value', value, warnings: traits.warnings };
}

/** JSON by JSON.parse; the YAML reader then finds what that lets pass: a key written twice, depth, endless numbers. */
function readJson(text: string): DocumentReading {
  if (text.trim() === '') return { kind: 'empty' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const offset = /at position (\d+)/.exec(messageOf(error))?.[1];
    const place = placeAt(text, offset === undefined ? text.length : Number(offset));
    return { kind: 'refused', problem: { code: 'ISTH0002', message: messageOf(error), ...place } };
  }
  const reading = readYaml(text);
  return reading.kind === 'value' ? { kind: 'value', value, warnings: [] } : reading;
}

function isAgreed(text: string, value: unknown): boolean {
  return text.length <= documentLimits.secondReaderBytes && agreesWithSecondReader(text, value);
}

type Attempt<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refused: DocumentReading };

/** js-yaml may throw anything on input that it did not foresee. */
function attempt<T>(read: () => T): Attempt<T> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    return { ok: false, refused: { kind: 'refused', problem: problemOf(error) } };
  }
}

/** Values in a tree with shared parts, each counted as often as it is reached; infinite for a cycle. */
function countExpanded(root: unknown): number {
  const counted = new Map<object, number>();
  const count = (value: unknown): number => {
    if (typeof value !== 'object' || value === null) return 1;
    const known = counted.get(value);
    if (known !== undefined) return known;
    // Reached again before it is counted: a cycle.
    counted.set(value, Number.POSITIVE_INFINITY);
    const total = Object.values(value).reduce((sum: number, item) => sum + count(item), 1);
    counted.set(value, total);
    return total;
  };
  return count(root);
}

function refuse(code: FindingCode, message: string): DocumentReading {
  return { kind: 'refused', problem: { code, message, line: 0, column: 1 } };
}

function problemOf(error: unknown): DocumentProblem {
  if (!(error instanceof YAMLException)) return { code: 'ISTH0002', message: messageOf(error), line: 0, column: 1 };
  const place = { line: error.mark?.line ?? 0, column: (error.mark?.column ?? 0) + 1 };
  return { code: codeOf(error.reason), message: error.reason, ...place };
}

/** js-yaml tells its errors apart by their text alone. */
function codeOf(reason: string): FindingCode {
  if (reason === 'duplicated mapping key') return 'ISTH0003';
  if (reason.startsWith('nesting exceeded')) return 'ISTH0009';
  if (reason.startsWith('aliases exceeded')) return 'ISTH0004';
  if (reason.startsWith('a key must not be') || reason.includes(' tag !')) return 'ISTH0007';
  return 'ISTH0002';
}
