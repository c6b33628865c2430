/** What policies ask of tokens, as conditions on their claims. */
import type { ClaimCondition } from '../../model/access.ts';
import { quotedText } from '../../model/access-expression.ts';
import type { AuthorizationPolicy } from '../../resources/kinds.ts';

type WhenSpec = AuthorizationPolicy['spec']['rules'][number]['when'][number];

/** Any text but the empty one. */
const ANY = '.+';

/** `<issuer>/<subject>`, where the issuer may have slashes, and `*` at one end stands for any. */
export function principalClaims(principal: string): readonly ClaimCondition[] {
  const at = principal.lastIndexOf('/');
  const [issuer, subject] = partsOf(principal, at);
  return [
    { path: ['iss'], regexes: [issuer] },
    { path: ['sub'], regexes: [subject] },
  ];
}

function partsOf(principal: string, at: number): readonly [issuer: string, subject: string] {
  if (principal === '*') return [ANY, ANY];
  if (at !== -1) return [textOf(principal.slice(0, at)), textOf(principal.slice(at + 1))];
  if (principal.startsWith('*')) return [ANY, textOf(principal)];
  return principal.endsWith('*') ? [textOf(principal), ANY] : [quotedText(principal), '(?:)'];
}

function textOf(pattern: string): string {
  if (pattern === '') return '(?:)';
  return pattern === '*' ? ANY : patternOf(pattern);
}

/** Undefined for what is not about tokens, or asks that something is not so. */
export function claimOf({ key, values, notValues }: WhenSpec): readonly ClaimCondition[] | undefined {
  if (notValues.length > 0 || values.length === 0) return undefined;
  // A principal is two claims, of which several values would be pairs.
  if (key === 'request.auth.principal') return values.length === 1 ? values.flatMap(principalClaims) : undefined;
  const path = pathOf(key);
  return path === undefined ? undefined : [{ path, regexes: values.map(textOf) }];
}

function pathOf(key: string): readonly string[] | undefined {
  if (key === 'request.auth.audiences') return ['aud'];
  if (key === 'request.auth.presenter') return ['azp'];
  if (!/^request\.auth\.claims(?:\[[^[\]]+\])+$/.test(key)) return undefined;
  return [...key.matchAll(/\[([^[\]]+)\]/g)].flatMap(([, name]) => name ?? []);
}

/** `*` stands for the beginning or the end of a text. */
export function patternOf(pattern: string): string {
  if (pattern === '*') return '.*';
  if (pattern.endsWith('*')) return `${quotedText(pattern.slice(0, -1))}.*`;
  if (pattern.startsWith('*')) return `.*${quotedText(pattern.slice(1))}`;
  return quotedText(pattern);
}
