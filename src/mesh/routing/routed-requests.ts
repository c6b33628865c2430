/**
 * Which requests a match of a VirtualService is for, in the model's terms. What asks for something that proxies of ours do not
 * see is for no request: the rest of it alone would be for more than was meant.
 */
import { grouped, quotedText } from '../../model/access-expression.ts';
import type { StringMatch } from '../../model/route.ts';
import type { NamedCondition, RoutedRequest } from '../../model/routed-request.ts';
import type { HttpRequestMatch, StringMatchSpec } from '../../resources/kinds.ts';
import { compareText } from '../resource-order.ts';
import { stringMatch } from './request-matches.ts';

type StringMatches = Readonly<Record<string, StringMatchSpec>>;

/** What is asked for and not seen; where it is not empty, the match is for no request. */
export function unseenParts({ headers, withoutHeaders, sourceLabels }: HttpRequestMatch): readonly string[] {
  const claims = Object.keys({ ...headers, ...withoutHeaders }).filter((name) => name.startsWith('@'));
  return [...(Object.keys(sourceLabels).length === 0 ? [] : ['sourceLabels']), ...claims];
}

/** Undefined where no request is such a one. */
export function routedRequest(match: HttpRequestMatch): RoutedRequest | undefined {
  const { uri, scheme, method, authority, headers, withoutHeaders, queryParams, sourceNamespace } = match;
  if (uri?.exact === '') return undefined;
  const methods = method?.exact !== undefined && /^[A-Z]+$/.test(method.exact) ? [method.exact] : [];
  const named = [
    ...(method === undefined || methods.length > 0
      ? []
      : [{ name: ':method', regex: wholeRegex(stringMatch(method)) }]),
    ...(scheme === undefined ? [] : [{ name: ':scheme', regex: wholeRegex(stringMatch(scheme)) }]),
    ...(authority === undefined ? [] : [{ name: 'host', regex: wholeRegex(stringMatch(authority)) }]),
    ...Object.entries(headers).map(([name, text]) => ({
      name: name.toLowerCase(),
      regex: wholeRegex(stringMatch(text)),
    })),
  ];
  const without = namedConditions(withoutHeaders, (name) => name.toLowerCase());
  const query = namedConditions(queryParams, (name) => name);
  return {
    ...pathOf(match),
    methods,
    headers: named.toSorted((a, b) => compareText(a.name, b.name)),
    ...(without.length === 0 ? {} : { withoutHeaders: without }),
    ...(query.length === 0 ? {} : { query }),
    ...(sourceNamespace === undefined ? {} : { sourceNamespace }),
  };
}

function pathOf({ uri, ignoresUriCase }: HttpRequestMatch): Pick<RoutedRequest, 'path' | 'pathRegex'> {
  const match = uri === undefined ? undefined : stringMatch(uri);
  if (match === undefined) return { pathRegex: '' };
  switch (match.kind) {
    case 'exact':
    case 'prefix': {
      if (match.kind === 'prefix' && (match.value === '/' || match.value === '')) return { pathRegex: '' };
      const { kind, value } = match;
      return { pathRegex: '', path: { kind, value, ...(ignoresUriCase === true ? { ignoresCase: true } : {}) } };
    }
    case 'regex':
      return { pathRegex: `${grouped(match.value)}$` };
    case 'present':
      return { pathRegex: '' };
  }
}

function namedConditions(matches: StringMatches, nameOf: (name: string) => string): readonly NamedCondition[] {
  return Object.entries(matches)
    .map(([name, text]): NamedCondition => {
      const match = stringMatch(text);
      return match.kind === 'present' ? { name: nameOf(name) } : { name: nameOf(name), regex: wholeRegex(match) };
    })
    .sort((a, b) => compareText(a.name, b.name));
}

/** Of a value as a whole; never the empty expression, which proxies refuse. */
function wholeRegex(match: StringMatch): string {
  switch (match.kind) {
    case 'exact':
      return match.value === '' ? '(?:)' : quotedText(match.value);
    case 'prefix':
      return `${quotedText(match.value)}.*`;
    case 'regex':
      return grouped(match.value);
    case 'present':
      return '.*';
  }
}
