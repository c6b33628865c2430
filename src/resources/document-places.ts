/** The second reader (yaml 2): slower, but it knows where each value stands. Asked only about documents in doubt. */
import { isDeepStrictEqual } from 'node:util';
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { Place } from '../model/finding.ts';
import { documentLimits } from './document-limits.ts';

/** Duplicate keys are the first reader's business: the search of this one takes the square of their number. */
const options = { logLevel: 'silent', uniqueKeys: false } as const;

/** Whether the second reader gets the same value out of a document that the first one accepted. */
export function agreesWithSecondReader(text: string, value: unknown): boolean {
  try {
    const document = parseDocument(text, options);
    if (document.errors.length > 0) return false;
    return isDeepStrictEqual(document.toJS({ maxAliasCount: -1 }), value);
  } catch {
    return false;
  }
}

/**
 * Finds places in one document, which it parses when first asked for more than the document itself. A path reads as in
 * findings: `spec.ports[0].name`. In a document too large for the second reader every place is its start.
 */
export function placesIn(text: string, file: string, firstLine: number): (path: string) => Place {
  const start: Place = { file, line: firstLine + firstContentLine(text), column: 1 };
  const lines = new LineCounter();
  let find: ((path: string) => number) | undefined;
  return (path) => {
    if (path === '' || text.length > documentLimits.secondReaderBytes) return start;
    find ??= offsetsIn(text, lines);
    const offset = find(path);
    if (offset < 0) return start;
    const position = lines.linePos(offset);
    return { file, line: firstLine + position.line - 1, column: position.col };
  };
}

/** Lines before the first that is no comment, directive, boundary or blank. */
function firstContentLine(text: string): number {
  let line = 0;
  for (let at = 0; at < text.length; line++) {
    const end = text.indexOf('\n', at);
    const isContent = !/^(?:---|\.\.\.)?[ \t]*(?:#|\r?$)|^%/.test(
      text.slice(at, end === -1 ? text.length : Math.min(end, at + 200)),
    );
    if (isContent) return line;
    if (end === -1) break;
    at = end + 1;
  }
  return 0;
}

/** The place of a path in a document, or of the nearest part of the path that is written. */
export function placeOf(text: string, firstLine: number, file: string, path: string): Place {
  return placesIn(text, file, firstLine)(path);
}

/** Offset of a path; -1 where the document cannot be read. */
function offsetsIn(text: string, lineCounter: LineCounter): (path: string) => number {
  try {
    const document = parseDocument(text, { ...options, lineCounter });
    return (path) => offsetOf(document, path);
  } catch {
    return () => -1;
  }
}

interface Step {
  /** Where the step is written: a key, or an item of a list. */
  readonly offset: number;
  readonly value: unknown;
  /** What is left of the path. */
  readonly rest: string;
}

function offsetOf(document: Document, path: string): number {
  let step: Step = { offset: startOf(document.contents), value: document.contents, rest: path };
  while (step.rest !== '') {
    const node = isAlias(step.value) ? step.value.resolve(document) : step.value;
    const next = isMap(node) ? stepIntoMap(node, step.rest) : isSeq(node) ? stepIntoList(node, step.rest) : undefined;
    if (next === undefined) break;
    step = next;
  }
  return step.offset;
}

/** A key may hold dots (`labels.app.kubernetes.io/name`) and may stand in brackets: the longest key that fits is meant. */
function stepIntoMap(map: YAMLMap, path: string): Step | undefined {
  const fits = (key: string): string | undefined =>
    [key, `["${key}"]`, `['${key}']`, `[${key}]`]
      .map((form) => (path.startsWith(`.${form}`) ? `.${form}` : form))
      .filter((form) => path.startsWith(form))
      .map((form) => path.slice(form.length))
      .find((rest) => rest === '' || rest.startsWith('.') || rest.startsWith('['));
  return map.items
    .flatMap((pair) => {
      const rest = isScalar(pair.key) ? fits(String(pair.key.value)) : undefined;
      return rest === undefined ? [] : [{ offset: startOf(pair.key), value: pair.value, rest }];
    })
    .sort((a, b) => a.rest.length - b.rest.length)[0];
}

function stepIntoList(list: YAMLSeq, path: string): Step | undefined {
  const [written, index] = /^\.?\[?(\d+)\]?/.exec(path) ?? [];
  if (written === undefined) return undefined;
  const value = list.items[Number(index)];
  return value === undefined ? undefined : { offset: startOf(value), value, rest: path.slice(written.length) };
}

function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? -1) : -1;
}
