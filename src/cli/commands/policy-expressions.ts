/**
 * Tenants' regular expressions, matched in the process of whoever asks, and in linear time. Each is compiled once as
 * long as there are not very many of them.
 */
import { RE2JS } from 're2js';

const kept = 500;

/** Whether the whole of a text matches. */
export function createExpressions(): (regex: string, text: string) => boolean {
  const compiled = new Map<string, RE2JS>();
  return (regex, text) => {
    const known = compiled.get(regex);
    if (known !== undefined) return known.matches(text);
    if (compiled.size >= kept) compiled.clear();
    const expression = RE2JS.compile(regex);
    compiled.set(regex, expression);
    return expression.matches(text);
  };
}
