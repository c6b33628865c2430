/** A template cut into text and actions, and each action into words. `{{-` and `-}}` take white space away. */
import { IsthmusError } from '../../../model/errors.ts';

export type Token =
  | { readonly is: 'text'; readonly text: string }
  /** A chain of fields right behind a parenthesis is a word that ends with `~chained`. */
  | { readonly is: 'action'; readonly words: readonly string[] };

const actions = /\{\{(-\s)?\s*(?:\/\*[\s\S]*?\*\/|((?:"(?:[^"\\]|\\.)*"|`[^`]*`|[^"`])*?))\s*?(\s-)?\}\}/g;

const word = /\s*("(?:[^"\\]|\\.)*"|`[^`]*`|:=|=|[(),|]|(?<=\))\.[\w.]+|[$.\w-]+)/y;

/** Throws INTERNAL where an action is not of our part of the language. */
export function tokensOf(file: string, text: string): readonly Token[] {
  const tokens: Token[] = [];
  let from = 0;
  let trims = false;
  const addText = (until: number, trimsEnd: boolean): void => {
    let part = text.slice(from, until);
    if (trims) part = part.trimStart();
    if (trimsEnd) part = part.trimEnd();
    if (part !== '') tokens.push({ is: 'text', text: part });
  };
  for (const found of text.matchAll(actions)) {
    addText(found.index, found[1] !== undefined);
    const content = found[2]?.trim() ?? '';
    if (content !== '') tokens.push({ is: 'action', words: wordsOf(file, content) });
    from = found.index + found[0].length;
    trims = found[3] !== undefined;
  }
  addText(text.length, false);
  if (text.slice(from).includes('{{')) throw new IsthmusError('INTERNAL', `${file}: an action is not closed.`);
  return tokens;
}

function wordsOf(file: string, content: string): readonly string[] {
  const words: string[] = [];
  word.lastIndex = 0;
  while (word.lastIndex < content.length) {
    const at = word.lastIndex;
    const found = word.exec(content);
    if (found === null) throw new IsthmusError('INTERNAL', `${file}: "${content.slice(at)}" is not read.`);
    const text = found[1] ?? '';
    const isChained = text.startsWith('.') && content[found.index + found[0].length - text.length - 1] === ')';
    words.push(isChained ? `${text}~chained` : text);
  }
  return words;
}
