/** Users' regular expressions in the form in which they are enforced: RE2's, and always against the whole of a text. */

/** What matches a whole text exactly where `regex`, which must be valid by itself, matches at its start. */
export function startAnchored(regex: string): string {
  return `(?:${regex}${hasOpenQuote(regex) ? '\\E' : ''}).*`;
}

/** Whether a `\Q` quotes all that is left, which would be our own closing bracket. */
function hasOpenQuote(regex: string): boolean {
  let isQuoted = false;
  for (let at = regex.indexOf('\\'); at !== -1; at = regex.indexOf('\\', at)) {
    const next = regex[at + 1];
    if (!isQuoted || next === 'E') {
      isQuoted = next === 'Q';
      at += 2;
    } else at += 1;
  }
  return isQuoted;
}
