/** Matches on a request's attributes. Users' patterns go through RE2 alone: linear time, whatever they write. */
import { RE2JS } from 're2js';
import { messageOf } from '../model/errors.ts';
import type { MatchSpec, StringMatchSpec } from './kinds.ts';
import type { PatternBudget } from './pattern-cost.ts';
import { type Path, type Problems, quote } from './problem.ts';

const forms = ['exact', 'prefix', 'regex'] as const;

/** What checking the matches of one object needs and fills. */
export interface MatchCheck {
  readonly problems: Problems;
  readonly budget: PatternBudget;
}

export function checkMatch(match: MatchSpec | undefined, path: Path, check: MatchCheck): void {
  const { problems } = check;
  for (const [attribute, text] of Object.entries(match?.attributes ?? {})) {
    const at = [...path, 'attributes', attribute];
    if (attribute === '') problems.add('ISTH0105', at, 'An attribute must have a name.');
    const written = forms.filter((form) => text?.[form] !== undefined);
    if (written.length > 1) problems.add('ISTH0206', at, `${written.join(' and ')} exclude each other.`);
    if (text?.regex !== undefined) checkRegex(text.regex, [...at, 'regex'], check);
  }
}

/** True for a match that every request passes. */
export function matchesAll(match: MatchSpec | undefined): boolean {
  return Object.keys(match?.attributes ?? {}).length === 0;
}

function checkRegex(regex: string, path: Path, { problems, budget }: MatchCheck): void {
  if (regex === '*') return;
  if (regex === '') {
    problems.add('ISTH0209', path, 'The expression is empty.', "Write '*' for any value.");
    return;
  }
  const excess = budget.spend(regex);
  if (excess !== undefined) {
    problems.add('ISTH0209', path, `${quote(regex)} is not compiled: ${excess}.`, 'Repeat less, or match a prefix.');
    return;
  }
  try {
    RE2JS.compile(regex);
  } catch (error) {
    problems.add('ISTH0209', path, `${quote(regex)} is no regular expression: ${messageOf(error)}.`);
  }
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
