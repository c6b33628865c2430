/** Text that others wrote, for a terminal: what would move the cursor, ring, or turn the reading direction, is spelt out. */

/** `\x1b` for a control character, `\u{202e}` for one that turns text around; line breaks and tabs too. */
export function visibleText(text: string): string {
  return unprintable.test(text) ? text.replace(everyUnprintable, spelt) : text;
}

/** Controls, and the characters that change the direction of what follows. */
const pattern = '[\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]';
const unprintable = new RegExp(pattern);
const everyUnprintable = new RegExp(pattern, 'g');

function spelt(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}
