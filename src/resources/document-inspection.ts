/** What the fast reader's events tell of a document beside its value: where other readers may take it otherwise. */
import { EVENT_ID, getScalarValue, type parseEvents, SCALAR_STYLE } from 'js-yaml';
import { type DocumentProblem, placeAt } from './document-problem.ts';

type Event = ReturnType<typeof parseEvents>[number];
type ScalarEvent = Extract<Event, { type: typeof EVENT_ID.SCALAR }>;

export interface DocumentTraits {
  readonly hasAliases: boolean;
  /** Uses what readers are known to differ in, so that a second reader has to agree. */
  readonly isRisky: boolean;
  /** Why the document must not be used, whatever its value. */
  readonly refusal?: DocumentProblem;
  readonly warnings: readonly DocumentProblem[];
}

/** Enough to show the user; a file full of them is one mistake. */
const maxWarnings = 20;

/** Booleans and numbers of YAML 1.1 (yaml.org/type) that YAML 1.2 reads as text, or as another number. */
const oldBoolean = /^(?:y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF)$/;
const oldNumber =
  /^[-+]?(?:0[0-7_]*[0-7]|0b[01_]+|0x[0-9a-fA-F]*_[0-9a-fA-F_]*|[1-9][0-9_]*_[0-9_]*(?:\.[0-9_]*)?|[1-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?)$/;
const notFinite = /^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/;

const mayFollowQuote = new Set(['', ' ', '\t', '\n', '\r', ',', ']', '}', ':']);
const booleanInitials = new Set([...'yYnNoO'].map((letter) => letter.charCodeAt(0)));

export function inspectEvents(text: string, events: readonly Event[]): DocumentTraits {
  const warnings: DocumentProblem[] = [];
  let refusal = /\r(?!\n)/.test(text)
    ? problem(text, text.search(/\r(?!\n)/), 'a line ends with a carriage return alone')
    : undefined;
  let hasAliases = false;
  let isRisky = hasOddWhiteSpace(text);
  for (const event of events) {
    if (event.type === EVENT_ID.POP) continue;
    if (event.type === EVENT_ID.DOCUMENT) isRisky ||= event.directives.length > 0;
    else if (event.type === EVENT_ID.ALIAS) hasAliases = true;
    else isRisky ||= event.tagStart !== -1 || event.anchorStart !== -1;
    if (event.type === EVENT_ID.SCALAR) isRisky ||= isOddScalar(text, event);
    if (event.type !== EVENT_ID.SCALAR || event.style !== SCALAR_STYLE.PLAIN || event.tagStart !== -1) continue;
    refusal ??= refusedScalar(text, event);
    const warning = warnings.length < maxWarnings ? doubtfulScalar(text, event) : undefined;
    if (warning !== undefined) warnings.push(warning);
  }
  return { hasAliases, isRisky: isRisky || hasAliases, warnings, ...(refusal === undefined ? {} : { refusal }) };
}

/**
 * What the two readers were found to differ in (test/property/documents.property.test.ts): tabs before the first character
 * of a line, byte order marks inside, text behind `...`, and dashes that are indented and so no boundary.
 */
function hasOddWhiteSpace(text: string): boolean {
  if (text.includes('\uFEFF')) return true;
  if (text.includes('\t') && /^[ \uFEFF]*\t/m.test(text)) return true;
  if (text.includes('...') && /^\.\.\.[ \t]+[^# \t\r\n]/m.test(text)) return true;
  return text.includes(' ---') && /^[ \t]+---(?:\s|$)/m.test(text);
}

/**
 * Block scalars that say their own indentation or keep all line ends (`|2`, `>+`), or begin with what may be a comment
 * or nothing at all; and quotes with something behind them.
 */
function isOddScalar(text: string, { style, valueStart, valueEnd }: ScalarEvent): boolean {
  if (style === SCALAR_STYLE.PLAIN) return false;
  if (style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED) {
    return !mayFollowQuote.has(text.charAt(valueEnd + 1));
  }
  if (/^\s*(?:#|$)/.test(text.slice(valueStart, valueEnd))) return true;
  return /[|>](?:[-+]?[1-9]|[+])/.test(text.slice(text.lastIndexOf('\n', valueStart - 2) + 1, valueStart));
}

/** Plain scalars that mean something in YAML but nothing in JSON. */
function refusedScalar(text: string, event: ScalarEvent): DocumentProblem | undefined {
  const first = text.charCodeAt(event.valueStart);
  if (first === 0x3c && isMergeKey(text, event)) {
    return problem(text, event.valueStart, 'merge keys (<<) are not part of YAML 1.2: write the fields out');
  }
  if (!isNumeric(first) && first !== 0x2e) return undefined;
  const value = getScalarValue(text, event);
  const isEndless = notFinite.test(value) || (value.length > 4 && Math.abs(Number(value)) === Number.POSITIVE_INFINITY);
  return isEndless
    ? problem(text, event.valueStart, `${value.slice(0, 20)} is not a number that JSON knows`)
    : undefined;
}

function isMergeKey(text: string, event: ScalarEvent): boolean {
  return getScalarValue(text, event) === '<<' && /^[ \t]*:/.test(text.slice(event.valueEnd, event.valueEnd + 20));
}

function doubtfulScalar(text: string, event: ScalarEvent): DocumentProblem | undefined {
  const length = event.valueEnd - event.valueStart;
  if (!mayBeDoubtful(text.charCodeAt(event.valueStart), length)) return undefined;
  const value = getScalarValue(text, event);
  const isOld = oldBoolean.test(value) || (value !== '0' && oldNumber.test(value));
  if (!isOld) return undefined;
  const place = placeAt(text, event.valueStart);
  return { code: 'ISTH0008', message: `YAML 1.1 reads ${value} as something else than YAML 1.2 does`, ...place };
}

/** By the first character and the length, since most scalars are plain words. */
function mayBeDoubtful(first: number, length: number): boolean {
  return isNumeric(first) ? length > 1 && length < 64 : length <= 3 && booleanInitials.has(first);
}

/** A digit or a sign. */
function isNumeric(first: number): boolean {
  return (first >= 0x30 && first <= 0x39) || first === 0x2b || first === 0x2d;
}

function problem(text: string, offset: number, message: string): DocumentProblem {
  return { code: 'ISTH0007', message, ...placeAt(text, offset) };
}
