/** Users' regular expressions: compiled as RE2 to see whether they can be, and never run here. */
import { RE2JS } from 're2js';
import { messageOf } from '../model/errors.ts';
import type { PatternBudget } from './pattern-cost.ts';
import { type Path, type Problems, quote } from './problem.ts';

/** What checking the patterns of one object needs and fills. */
export interface PatternCheck {
  readonly problems: Problems;
  readonly budget: PatternBudget;
}

export function checkPattern(pattern: string, path: Path, { problems, budget }: PatternCheck): void {
  const excess = budget.spend(pattern);
  if (excess !== undefined) {
    problems.add('ISTH0209', path, `${quote(pattern)} is not compiled: ${excess}.`, 'Repeat less, or match a prefix.');
    return;
  }
  // Half a surrogate pair has no UTF-8, in which proxies get it.
  const fault = pattern.isWellFormed() ? compileFault(pattern) : 'it is no Unicode text';
  if (fault === undefined) return;
  problems.add('ISTH0209', path, `${quote(pattern)} is no regular expression: ${fault}.`);
}

/** Plain paths, with `.*` in them: most of what there is, and always a regular expression. Linear: each character fits once. */
const plain = /^(?:[\w/ -]|\.\*?)*$/;

function compileFault(pattern: string): string | undefined {
  if (plain.test(pattern)) return undefined;
  try {
    RE2JS.compile(pattern);
    // An open quotation would swallow what a translation writes behind the pattern.
    if (pattern.includes('\\Q')) RE2JS.compile(`(?:${pattern})`);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
