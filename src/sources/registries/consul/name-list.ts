/** What Consul answers of the services of a realm. */
import { list, membersOf, parse, text } from './health-entries.ts';

/** Tags by the name of their service: as one text, to be compared. Undefined for what is no such list. */
export type NameList = ReadonlyMap<string, string>;

/** Of the servers themselves; nobody's service unless somebody asks for it. */
const ownService = 'consul';

export function readNames(body: Buffer, wanted: (name: string) => boolean, isOwnWanted: boolean): NameList | undefined {
  const value: unknown = parse(body);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const members = Object.entries(membersOf(value));
  // Whatever stands between says 200 as well, with a page of its own; Consul has a list of tags for each name.
  if (!members.every(([, tags]) => tags === null || Array.isArray(tags))) return undefined;
  const names = members
    .filter(([name]) => isAskable(name) && (name !== ownService || isOwnWanted) && wanted(name))
    // The server has no order for them.
    .map(([name, tags]) => [name, list(tags).map(text).sort().join('\n')] as const);
  return new Map(names.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Of the others no request can ask. */
function isAskable(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && name.isWellFormed();
}

/** As many as may be: those that are followed already come first. */
export function boundedNames(names: NameList, most: number, isFollowed: (name: string) => boolean): NameList {
  if (names.size <= most) return names;
  const [followed, others] = [true, false].map((wanted) => [...names].filter(([name]) => isFollowed(name) === wanted));
  return new Map([...(followed ?? []), ...(others ?? [])].slice(0, most));
}
