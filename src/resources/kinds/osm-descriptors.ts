/** Descriptors of a global rate limit: what of a request is counted together. */
import type { Descriptor, DescriptorEntry, HeaderCondition } from '../../model/traffic-limits.ts';
import { checkPattern, type PatternCheck } from '../pattern-rules.ts';
import type { Path } from '../problem.ts';
import { readHeaderName } from './osm-rate-limits.ts';

interface HeaderContent {
  readonly name: string;
  readonly exact?: string;
  readonly prefix?: string;
  readonly suffix?: string;
  readonly regex?: string;
  readonly contains?: string;
  readonly present?: boolean;
}

interface EntryContent {
  readonly genericKey?: { readonly value: string; readonly key?: string };
  readonly remoteAddress?: object;
  readonly requestHeader?: { readonly name: string; readonly key: string };
  readonly headerValueMatch?: {
    readonly value: string;
    readonly key?: string;
    readonly expectMatch?: boolean;
    readonly headers: readonly HeaderContent[];
  };
}

export interface DescriptorContent {
  readonly entries: readonly EntryContent[];
}

export function readDescriptors(
  descriptors: readonly DescriptorContent[],
  path: Path,
  check: PatternCheck,
): readonly Descriptor[] {
  return descriptors.map(({ entries }, index) =>
    entries.map((entry, at) => readEntry(entry, [...path, index, 'entries', at], check)),
  );
}

function readEntry(entry: EntryContent, path: Path, check: PatternCheck): DescriptorEntry {
  requireOne(Object.keys(entry), 'genericKey, remoteAddress, requestHeader, headerValueMatch', path, check);
  const { genericKey, requestHeader, headerValueMatch } = entry;
  if (genericKey !== undefined) {
    return { kind: 'genericKey', key: genericKey.key ?? 'generic_key', value: genericKey.value };
  }
  if (requestHeader !== undefined) {
    const name = readHeaderName(requestHeader.name, [...path, 'requestHeader', 'name'], check.problems);
    return { kind: 'requestHeader', name, key: requestHeader.key };
  }
  if (headerValueMatch === undefined) return { kind: 'remoteAddress' };
  const { key = 'header_match', value, expectMatch = true, headers } = headerValueMatch;
  const at = [...path, 'headerValueMatch', 'headers'];
  return {
    kind: 'headerValueMatch',
    key,
    value,
    expectMatch,
    headers: headers.map((header, index) => readHeader(header, [...at, index], check)),
  };
}

/** OSM's Go types cannot tell an empty text from none: neither is a condition. */
function readHeader({ name, present, ...texts }: HeaderContent, path: Path, check: PatternCheck): HeaderCondition {
  const written = Object.entries(texts).filter(([, text]) => text !== '');
  const forms = [...written.map(([form]) => form), ...(present === undefined ? [] : ['present'])];
  requireOne(forms, 'exact, prefix, suffix, regex, contains, present', path, check);
  const { exact = '', prefix = '', suffix = '', regex = '', contains = '' } = texts;
  const header = readHeaderName(name, [...path, 'name'], check.problems);
  if (regex !== '') {
    checkPattern(regex, [...path, 'regex'], check);
    return { name: header, regex };
  }
  if (exact !== '') return { name: header, exact };
  if (prefix !== '') return { name: header, prefix };
  if (suffix !== '') return { name: header, suffix };
  if (contains !== '') return { name: header, contains };
  return { name: header, present: present ?? true };
}

function requireOne(written: readonly string[], choices: string, path: Path, { problems }: PatternCheck): void {
  if (written.length > 1) problems.add('ISTH0206', path, `${written.join(' and ')} exclude each other.`);
  if (written.length === 0) problems.add('ISTH0214', path, 'It says nothing.', `Write one of ${choices}.`);
}
