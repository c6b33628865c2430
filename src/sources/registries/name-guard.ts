/**
 * Names of services that are no Unicode text: half a surrogate pair, which JSON and careless encoders can bring. No key, host
 * or message can be made of one, so that nothing of it gets past here; all others count.
 */
import type { RegistryServiceName } from '../../model/registry.ts';
import type { Doubt } from './doubt.ts';

/** How many are named, and how much of each. */
const examples = 3;
const longestExample = 120;

export function isTextName({ namespace, group, name }: RegistryServiceName): boolean {
  return namespace.isWellFormed() && group.isWellFormed() && name.isWellFormed();
}

/** None where all names are text. */
export function doubtsOfNames(names: readonly RegistryServiceName[]): readonly Doubt[] {
  const wrong = names.filter((one) => !isTextName(one));
  if (wrong.length === 0) return [];
  const some = wrong.slice(0, examples).map(({ name }) => JSON.stringify(name.slice(0, longestExample)));
  const more = wrong.length > examples ? ', ...' : '';
  const what = wrong.length === 1 ? '1 service has a name' : `${wrong.length} services have names`;
  return [{ cause: 'unreadable', text: `${what} that no text can have: ${some.join(', ')}${more}` }];
}
