/** What stands in a value that nobody has checked: an object as an API server sent it. */

export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

/** Undefined for all that is no text. */
export function textOf(value: unknown, name: string): string | undefined {
  const text = fieldOf(value, name);
  return typeof text === 'string' ? text : undefined;
}

/**
 * Whether one version of an object is later than another: the answer to a change may come before a watch tells of what was
 * before it. True where one of them is not known.
 */
export function isNewerVersion(version: string | undefined, known: string | undefined): boolean {
  if (version === undefined || known === undefined) return true;
  const areNumbers = /^\d+$/.test(version) && /^\d+$/.test(known);
  return areNumbers ? BigInt(version) > BigInt(known) : version !== known;
}
