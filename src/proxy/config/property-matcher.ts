/**
 * HeaderMatcher, in every form that MetaProtocol proxies meet, -> a test of one property's value. Regular expressions
 * come from tenants: they run on a linear-time engine, and each must match the whole value, as Envoy has it.
 */
import { RE2JS } from 're2js';
import type { Message } from '../../xds-api/messages.ts';
import { Rejection } from './rejection.ts';

type HeaderMatcher = Message<'envoy.config.route.v3.HeaderMatcher'>;
type StringMatcher = Message<'envoy.type.matcher.v3.StringMatcher'>;

export interface PropertyMatcher {
  readonly property: string;
  /** The only value that passes, when the test is a plain equality. */
  readonly exact?: string;
  readonly test: (value: string | undefined) => boolean;
}

/** Throws Rejection. */
export function propertyMatcher(matcher: HeaderMatcher): PropertyMatcher {
  const property = matcher.name ?? '';
  if (property === '') throw new Rejection('a matcher needs the name of a property');
  const positive = positiveTest(matcher, property);
  const { missingAsEmpty, inverted } = {
    missingAsEmpty: matcher.treatMissingHeaderAsEmpty === true,
    inverted: matcher.invertMatch === true,
  };
  if (!missingAsEmpty && !inverted) return { property, ...positive };
  return {
    property,
    test: (value) => {
      const seen = value ?? (missingAsEmpty ? '' : undefined);
      // Envoy: an inverted matcher does not hold for a header that is missing, unless it asks for presence.
      if (seen === undefined && inverted && !positive.presence) return false;
      return positive.test(seen) !== inverted;
    },
  };
}

interface PositiveTest {
  readonly exact?: string;
  readonly presence?: true;
  readonly test: (value: string | undefined) => boolean;
}

function positiveTest(matcher: HeaderMatcher, property: string): PositiveTest {
  if (matcher.stringMatch != null) return stringTest(matcher.stringMatch);
  if (has(matcher, 'exactMatch')) return stringTest({ exact: matcher.exactMatch });
  if (has(matcher, 'prefixMatch')) return stringTest({ prefix: matcher.prefixMatch });
  if (has(matcher, 'suffixMatch')) return stringTest({ suffix: matcher.suffixMatch });
  if (has(matcher, 'containsMatch')) return stringTest({ contains: matcher.containsMatch });
  if (matcher.safeRegexMatch != null) return stringTest({ safeRegex: matcher.safeRegexMatch });
  if (matcher.rangeMatch != null) return rangeTest(Number(matcher.rangeMatch.start), Number(matcher.rangeMatch.end));
  if (has(matcher, 'presentMatch') && matcher.presentMatch === false)
    return { presence: true, test: (value) => value === undefined };
  // presentMatch: true, or no specifier at all: Envoy takes both as presence.
  if (property === '') throw new Rejection('a matcher says nothing');
  return { presence: true, test: (value) => value !== undefined };
}

function has(matcher: HeaderMatcher, field: keyof HeaderMatcher): boolean {
  return Object.hasOwn(matcher, field) && matcher[field] != null;
}

function stringTest(matcher: StringMatcher): PositiveTest {
  const fold =
    matcher.ignoreCase === true ? (text: string): string => text.toLowerCase() : (text: string): string => text;
  const on = (field: 'exact' | 'prefix' | 'suffix' | 'contains'): string | undefined =>
    Object.hasOwn(matcher, field) && matcher[field] != null ? fold(matcher[field]) : undefined;
  const [exact, prefix, suffix, contains] = [on('exact'), on('prefix'), on('suffix'), on('contains')];
  if (exact !== undefined && matcher.ignoreCase !== true) return { exact, test: (value) => value === exact };
  if (exact !== undefined) return { test: (value) => value !== undefined && fold(value) === exact };
  if (prefix !== undefined) return { test: (value) => value !== undefined && fold(value).startsWith(prefix) };
  if (suffix !== undefined) return { test: (value) => value !== undefined && fold(value).endsWith(suffix) };
  if (contains !== undefined) return { test: (value) => value !== undefined && fold(value).includes(contains) };
  if (matcher.safeRegex != null) return regexTest(matcher.safeRegex.regex ?? '');
  throw new Rejection('a string matcher of a kind that is not supported');
}

function regexTest(regex: string): PositiveTest {
  try {
    const compiled = RE2JS.compile(regex);
    return { test: (value) => value !== undefined && compiled.matches(value) };
  } catch (error) {
    throw new Rejection(`"${regex}" is no RE2 expression: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** [start, end) of decimal integers. */
function rangeTest(start: number, end: number): PositiveTest {
  return {
    test: (value) => {
      if (value === undefined || !/^[+-]?\d{1,18}$/.test(value)) return false;
      const number = Number(value);
      return number >= start && number < end;
    },
  };
}
