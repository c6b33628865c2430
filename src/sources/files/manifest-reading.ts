/** Reads one manifest file: cuts it, skips the documents that are known by their hash, and reads the others into resources. */
import { extname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Finding, finding, type Place } from '../../model/finding.ts';
import type { FindingCode } from '../../model/finding-catalogue.ts';
import { type Cut, countLines, cutDocuments } from '../../resources/document-cuts.ts';
import { documentLimits } from '../../resources/document-limits.ts';
import { placesIn } from '../../resources/document-places.ts';
import type { DocumentProblem } from '../../resources/document-problem.ts';
import { type DocumentSyntax, decodeDocument, readDocument } from '../../resources/documents.ts';
import type { AnyResource } from '../../resources/kinds.ts';
import type { ObjectReading, ResourceReader } from '../../resources/reader.ts';

/** A value, and each item of a List, as resources: `readAll` of a resource reader. */
export type ReadResources = ResourceReader['readAll'];

/** What is kept of a document: no text, no value. */
export interface KnownDocument {
  readonly hash: string;
  readonly line: number;
  /** Keys of the resources that it gave. */
  readonly keys: readonly string[];
  readonly findings: readonly Finding[];
  /** Objects in it that were refused: their keys, or `/name` where the kind is none that is read (or misspelt). */
  readonly refused: readonly string[];
  /** Whether nobody can tell what stands there: it cannot be read, or does not say what it is. */
  readonly isUnidentified: boolean;
}

export interface ReadDocumentState {
  readonly state: KnownDocument;
  /** Absent for a document that was known before. */
  readonly resources?: readonly AnyResource[];
}

export interface ManifestReading {
  readonly documents: readonly ReadDocumentState[];
  /** What is wrong with the file as a whole. */
  readonly findings: readonly Finding[];
  /** Only white space and NULs, which a crash may leave behind. */
  readonly isEmpty: boolean;
  readonly bytes: number;
  readonly endsWithNewline: boolean;
  readonly linesOfLastDocument: number;
}

export interface ManifestFile {
  readonly path: string;
  readonly bytes: Buffer;
}

const maxDocuments = 100_000;
const maxFindings = 500;
/** Reading a large file lets others have a turn after so many milliseconds. */
const turnMs = 8;

export async function readManifest(
  file: ManifestFile,
  known: readonly KnownDocument[],
  read: ReadResources,
): Promise<ManifestReading> {
  const knownByHash = new Map(known.map((document) => [document.hash, document]));
  const documents: ReadDocumentState[] = [];
  let last: Cut | undefined;
  let turnEnds = performance.now() + turnMs;
  for (const cut of cutsOf(file)) {
    if (documents.length === maxDocuments) break;
    const before = knownByHash.get(cut.hash);
    documents.push(before === undefined ? readCut(file, cut, read) : { state: moveDocument(before, cut.line) });
    last = cut;
    if (performance.now() < turnEnds) continue;
    await nextTurn();
    turnEnds = performance.now() + turnMs;
  }
  const isCutShort = documents.length === maxDocuments;
  return {
    documents,
    findings: isCutShort
      ? [fileFinding(file.path, 'ISTH0005', `only its first ${maxDocuments} documents are read`)]
      : [],
    isEmpty: file.bytes.every((byte) => byte === 0 || byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09),
    bytes: file.bytes.length,
    endsWithNewline: endsWithNewline(file),
    linesOfLastDocument: last === undefined ? 0 : countLines(last.bytes),
  };
}

/** JSON ends by itself, with its closing brace. */
function endsWithNewline({ path, bytes }: ManifestFile): boolean {
  return bytes.at(-1) === 0x0a || syntaxOf(path) === 'json';
}

function syntaxOf(path: string): DocumentSyntax {
  return extname(path).toLowerCase() === '.json' ? 'json' : 'yaml';
}

function cutsOf({ path, bytes }: ManifestFile): Iterable<Cut> {
  const cuts = cutDocuments(bytes);
  if (syntaxOf(path) === 'yaml') return cuts;
  const [first] = cuts;
  return first === undefined ? [] : [{ ...first, line: 1, bytes }];
}

/** The same document further up or down: its findings move with it. */
function moveDocument(document: KnownDocument, line: number): KnownDocument {
  const by = line - document.line;
  if (by === 0) return document;
  return { ...document, line, findings: document.findings.map((one) => moveFinding(one, by)) };
}

function moveFinding(one: Finding, by: number): Finding {
  return one.place === undefined ? one : { ...one, place: { ...one.place, line: one.place.line + by } };
}

function readCut(file: ManifestFile, cut: Cut, read: ReadResources): ReadDocumentState {
  if (cut.bytes.length > documentLimits.documentBytes) return broken(cut, tooLarge(file, cut));
  const text = decodeDocument(cut.bytes);
  if (text === undefined) {
    const message = `the document at line ${cut.line} is not UTF-8`;
    return broken(cut, fileFinding(file.path, 'ISTH0006', message, { file: file.path, line: cut.line, column: 1 }));
  }
  const reading = readDocument(text, syntaxOf(file.path));
  if (reading.kind === 'refused') return broken(cut, documentFinding(file.path, cut, reading.problem));
  if (reading.kind === 'empty') return { state: stateOf(cut, {}), resources: [] };
  const placeOf = placesIn(text, file.path, cut.line);
  const objects = read(compact(reading.value), { place: placeOf(''), placeOf });
  const resources = objects.flatMap(({ resource }) => (resource === undefined ? [] : [resource]));
  const warnings = reading.warnings.map((problem) => documentFinding(file.path, cut, problem));
  const refused = objects.filter(({ resource }) => resource === undefined);
  const state = stateOf(cut, {
    keys: resources.map((resource) => resource.key),
    findings: [...warnings, ...objects.flatMap(({ findings }) => findings)].slice(0, maxFindings),
    refused: refused.filter(isIdentified).map(({ key, object }) => key ?? `/${object.name}`),
    isUnidentified: !refused.every(isIdentified),
  });
  return { state, resources };
}

/**
 * The same value, fit to be kept: what a YAML reader makes holds on to the whole text, of which its strings are slices, to
 * lists with room for more items than there are, and to one copy of `v1` for each time that it is written.
 */
function compact(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function tooLarge(file: ManifestFile, cut: Cut): Finding {
  const message = `line ${cut.line}: the document has ${cut.bytes.length} bytes, more than ${documentLimits.documentBytes}`;
  return fileFinding(file.path, 'ISTH0005', message, { file: file.path, line: cut.line, column: 1 });
}

/** As the resource reader names what does not say its kind or name. */
function isIdentified({ object }: ObjectReading): boolean {
  return object.kind !== 'Document' && object.name !== '(unnamed)';
}

function broken(cut: Cut, problem: Finding): ReadDocumentState {
  return { state: stateOf(cut, { findings: [problem], isUnidentified: true }), resources: [] };
}

function stateOf({ hash, line }: Cut, state: Partial<KnownDocument>): KnownDocument {
  return { keys: none, findings: none, refused: none, isUnidentified: false, ...state, hash, line };
}

const none: readonly never[] = Object.freeze([]);

/** A finding about a file, not about an object in it. */
export function fileFinding(path: string, code: FindingCode, message: string, place?: Place): Finding {
  return finding(code, { object: { kind: 'File', name: path }, message, ...(place === undefined ? {} : { place }) });
}

function documentFinding(path: string, cut: Cut, problem: DocumentProblem): Finding {
  const place = { file: path, line: cut.line + problem.line, column: problem.column };
  return fileFinding(path, problem.code, `line ${place.line}: ${problem.message}`, place);
}
