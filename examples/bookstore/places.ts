/** How the reader gets to where somebody is: a program that runs his commands there. */
import { writeFileSync } from 'node:fs';
import type { Place } from './network.ts';

/** `FILE WHO COMMAND...`, from whatever folder. */
export function writePlaces(file: string, places: ReadonlyMap<string, Place>): void {
  const cases = [...places].map(([name, { enter }]) => `  ${name}) set -- ${enter.map(quoted).join(' ')} -- "$@" ;;`);
  const script = `#!/bin/sh
# Runs a command in the network namespace of a workload. Written at each start of the bookstore.
who=\${1:-}
[ $# -gt 1 ] || who=nobody
[ $# -gt 0 ] && shift
case $who in
${cases.join('\n')}
  *) echo "Usage: $0 ${[...places.keys()].join('|')} COMMAND..." >&2; exit 64 ;;
esac
exec "$@"
`;
  writeFileSync(file, script, { mode: 0o755 });
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
