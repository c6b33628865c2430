/**
 * Which of several expressions for paths, all anchored at their start, says most about a path: the one with the longest
 * literal beginning, then the longer one. `/books/new` goes before `/books/.*`, and that before `/books`. Expressions are only
 * read as texts; none is run.
 */

/** Below 0 where `a` goes first; 0 where nothing tells them apart. */
export function byPrecision(a: string, b: string): number {
  return literalStart(b).length - literalStart(a).length || b.length - a.length;
}

/** False only where no path can match both. */
export function mayOverlap(a: string, b: string): boolean {
  const [one, other] = [literalStart(a), literalStart(b)];
  return one.startsWith(other) || other.startsWith(one);
}

/** What every path begins with that matches: never too much, and empty where it is not obvious. */
export function literalStart(regex: string): string {
  if (hasAlternatives(regex)) return '';
  let literal = '';
  for (let at = regex.startsWith('^') ? 1 : 0; at < regex.length; at++) {
    const escapes = regex[at] === '\\';
    const character = (escapes ? regex[++at] : regex[at]) ?? '';
    if (escapes ? /[\w\s]|^$/.test(character) : /[.+*?()|[\]{}^$]/.test(character)) return literal;
    // What may be left out, or stand there several times, is not certain.
    if (/[*?{+]/.test(regex[at + 1] ?? '')) return literal;
    literal += character;
  }
  return literal;
}

/** Whether a bar may stand outside of all groups. */
function hasAlternatives(regex: string): boolean {
  let depth = 0;
  for (let at = 0; at < regex.length; at++) {
    const character = regex[at];
    if (character === '\\') at++;
    else if (character === '(') depth++;
    else if (character === ')') depth--;
    // A class may hold brackets, which would be counted wrongly: whatever has one and a bar is not looked into.
    else if (character === '|' && (depth === 0 || regex.includes('['))) return true;
  }
  return false;
}
