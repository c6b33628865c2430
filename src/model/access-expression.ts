/** Users' regular expressions in the form in which they are enforced: RE2's, and always against the whole of a text. */

/** What matches a whole text exactly where `regex`, which must be valid by itself, matches at its start. */
export function startAnchored(regex: string): string {
  return `${grouped(regex)}.*`;
}

/** What stands for `regex`, which must be valid by itself, also where something is written before or after it. */
export function grouped(regex: string): string {
  return `(?:${regex}${hasOpenQuote(regex) ? '\\E' : ''})`;
}

/** What matches this text and no other. */
export function quotedText(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
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

/**
 * A text as Envoy's regular expressions see it: a character for each byte of its UTF-8. A dot is one byte, and so is each
 * member of a class.
 */
export function byteText(text: string): string {
  if (isAscii(text)) return text;
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}
