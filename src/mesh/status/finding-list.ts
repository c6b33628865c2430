/** Findings as the message of a condition has them: of each what is wrong, where in the object, and what to do. */
import { endSentence, type Finding } from '../../model/finding.ts';
import { visibleText } from '../../model/visible-text.ts';
import { compareText } from '../resource-order.ts';

const mostListed = 5;
/** Characters of a message; the API takes more, and nobody reads it. */
const longestMessage = 2000;
/** Of the parts of one finding: together less than a message, so that a remedy is never what is left out. */
const longestPath = 200;
const longestWords = 800;
const longestRemedy = 600;

/**
 * `ISTH0210 at spec.routes[0].route: The weights add up to 90. Let them add up to 100.` The first few, each whole, and how many are
 * left out; the same in whatever order they come.
 */
export function listed(findings: readonly Finding[]): string {
  const texts = [...new Set(findings.map(findingText))].sort(compareText);
  const shown: string[] = [];
  let room = longestMessage - longestRest;
  for (const text of texts.slice(0, mostListed)) {
    room -= text.length + 1;
    if (room < 0) break;
    shown.push(text);
  }
  const left = texts.length - shown.length;
  return left === 0 ? shown.join(' ') : `${shown.join(' ')} ${restOf(left)}`;
}

function restOf(left: number): string {
  return `And ${left} more: isthmus analyze lists them.`;
}

const longestRest = restOf(Number.MAX_SAFE_INTEGER).length + 1;

function findingText({ code, path, message, remedy }: Finding): string {
  const at = path === '' ? '' : ` at ${quoted(path, longestPath)}`;
  return withRemedy(`${code}${at}: ${quoted(message)}`, remedy);
}

export function withRemedy(text: string, remedy: string): string {
  const whole = endSentence(text);
  return remedy === '' ? whole : `${whole} ${endSentence(quoted(remedy, longestRemedy))}`;
}

/** What others may have written: visible, and no longer than leaves room for the rest. */
export function quoted(text: string, longest = longestWords): string {
  return cut(visibleText(text), longest);
}

export function cut(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1).toWellFormed()}…`;
}
