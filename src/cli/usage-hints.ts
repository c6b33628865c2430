/** What a command line that is wrong is likely to have meant, beside what the parser says of it. */
import type { Command } from 'commander';
import { visibleText } from '../model/visible-text.ts';

/** Adds a hint to what the parser of a command complains of; `argv` is the whole command line. */
export function addUsageHints(command: Command, argv: readonly string[]): void {
  command.configureOutput({
    outputError: (complaint, write) => write(`${complaint}${hintFor(command, argv, complaint)}`),
  });
}

function hintFor(command: Command, argv: readonly string[], complaint: string): string {
  const [, required] = /required option '(?:-\w, )?(--[\w-]+)/.exec(complaint) ?? [];
  if (required !== undefined) return unknownOption(command, argv, required);
  const [, missing] = /missing required argument '(.+)'/.exec(complaint) ?? [];
  return missing === undefined ? '' : swallowed(command, argv, missing);
}

/** The parser looks for what is missing first, and never comes to what it does not know. */
function unknownOption({ options }: Command, argv: readonly string[], required: string): string {
  const written = argv.flatMap((word) => /^--[a-z][\w-]*/.exec(word) ?? []);
  const unknown = written.find((flag) => flag !== '--help' && !options.some(({ long }) => long === flag));
  return unknown === undefined ? '' : `There is no option ${visibleText(unknown)} here. Did you mean ${required}?\n`;
}

/** An option that takes several values takes the argument after them as well. */
function swallowed({ options }: Command, argv: readonly string[], missing: string): string {
  const greedy = options.find(
    ({ variadic, short, long }) => variadic && argv.some((word) => word === short || word === long),
  );
  if (greedy === undefined) return '';
  return `${greedy.short ?? greedy.long} takes all words that follow it. Write the ${missing} before it, or -- between them.\n`;
}
