/** What follows a registry that is not to be asked at all, for what its ServiceRegistry says of it. */
import type { RegistryClient, RegistryClientOptions } from './registry-client.ts';

/** Answers once, that nothing can be said, and why. */
export function refusedClient({ answer }: Pick<RegistryClientOptions, 'answer'>, reason: string): RegistryClient {
  const refusal = setImmediate(() => answer([{ kind: 'unavailable', reason, isRefused: true }]));
  return { scopes: [''], close: async () => clearImmediate(refusal) };
}

/** Why options are refused of which one is not known; undefined where all are. `of`: who has no others, such as Nacos. */
export function unknownOption(
  options: Readonly<Record<string, string>>,
  known: readonly string[],
  of: string,
): string | undefined {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return undefined;
  return `options.${unknown} is none of ${of}, which has ${known.length === 0 ? 'no options' : known.join(', ')}`;
}
