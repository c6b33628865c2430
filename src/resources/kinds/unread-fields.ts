/** Names of the fields of a part that are written, and that its typed form leaves out. */
export function unreadOf(part: object): readonly string[] {
  const names = Object.keys(part);
  return names.length === 0 ? none : names.toSorted();
}

const none: readonly string[] = Object.freeze([]);
