/** Matches on a request's attributes. Users' patterns go through RE2 alone: linear time, whatever they write. */
import { checkPattern, type PatternCheck } from './pattern-rules.ts';
import type { Path } from './problem.ts';
import type { MatchSpec, StringMatchSpec } from './types/aeraki.ts';

const forms = ['exact', 'prefix', 'regex'] as const;

export type MatchCheck = PatternCheck;

export function checkMatch(match: MatchSpec | undefined, path: Path, check: MatchCheck): void {
  const { problems } = check;
  for (const [attribute, text] of Object.entries(match?.attributes ?? {})) {
    const at = [...path, 'attributes', attribute];
    if (attribute === '') problems.add('ISTH0105', at, 'An attribute must have a name.');
    if (text !== null) checkStringMatch(text, at, check);
  }
}

export function checkStringMatch(text: StringMatchSpec, path: Path, check: MatchCheck): void {
  const written = forms.filter((form) => text[form] !== undefined);
  if (written.length > 1) check.problems.add('ISTH0206', path, `${written.join(' and ')} exclude each other.`);
  if (text.regex !== undefined) checkRegex(text.regex, [...path, 'regex'], check);
}

/** True for a match that every request passes. */
export function matchesAll(match: MatchSpec | undefined): boolean {
  return Object.keys(match?.attributes ?? {}).length === 0;
}

function checkRegex(regex: string, path: Path, check: MatchCheck): void {
  if (regex === '*') return;
  if (regex === '') {
    check.problems.add('ISTH0209', path, 'The expression is empty.', "Write '*' for any value.");
    return;
  }
  checkPattern(regex, path, check);
}

/** The same match with one form of "present", `{}`: users also write null and, as Aeraki reads it, `regex: "*"`. */
export function readMatch(match: MatchSpec): MatchSpec {
  if (match.attributes === undefined) return match;
  const attributes = Object.entries(match.attributes).map(([name, text]): [string, StringMatchSpec] => [
    name,
    text === null || text.regex === '*' ? {} : text,
  ]);
  return { attributes: Object.fromEntries(attributes) };
}
