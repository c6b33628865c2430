/** The service that a user means where deletions are released. */

import { IsthmusError } from '../model/errors.ts';
import type { HeldDeletion } from '../model/registry.ts';
import { heldName } from './registry-text.ts';

/** By the name that `registry show` prints, or by its key. Throws BAD_DATA where nothing is held of it, USAGE where it may be several. */
export function findHeld(held: readonly HeldDeletion[], written: string): string {
  const meant = held.filter((one) => one.service === written || heldName(one.service) === written);
  const [one, another] = meant;
  if (one === undefined) {
    const names = held.map(({ service }) => heldName(service)).join(', ');
    const others = names === '' ? 'Nothing is held.' : `Held are: ${names}.`;
    throw new IsthmusError('BAD_DATA', `Nothing is held of "${written}". ${others}`);
  }
  if (another !== undefined) {
    const keys = meant.map(({ service }) => service).join(', ');
    throw new IsthmusError('USAGE', `"${written}" may be ${keys}. Write one of them.`);
  }
  return one.service;
}
