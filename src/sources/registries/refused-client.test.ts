import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { refusedClient, unknownOption } from './refused-client.ts';
import type { RegistryAnswer } from './registry-client.ts';

it('a registry whose settings are refused is unavailable, which is said once, no sooner than there is a client', async () => {
  const answers: RegistryAnswer[] = [];
  const client = refusedClient({ answer: (some) => answers.push(...some) }, 'there is no such option');
  expect(answers).toEqual([]);
  await turn();
  await turn();
  expect(answers).toEqual([{ kind: 'unavailable', reason: 'there is no such option', isRefused: true }]);
  expect(client.scopes).toEqual(['']);
  await client.close();
});

it('a registry whose settings are refused says nothing once it is closed', async () => {
  const answers: RegistryAnswer[] = [];
  const client = refusedClient({ answer: (some) => answers.push(...some) }, 'there is no such option');
  await client.close();
  await turn();
  await turn();
  expect(answers).toEqual([]);
});

it.each([
  [{ color: 'red' }, ['colour'], 'options.color is none of Paint, which has colour'],
  [{ color: 'red' }, ['colour', 'gloss'], 'options.color is none of Paint, which has colour, gloss'],
  [{ color: 'red' }, [], 'options.color is none of Paint, which has no options'],
  [{ colour: 'red' }, ['colour'], undefined],
  [{}, [], undefined],
])('an option that is not known is named, with those that are: %j of %j', (options, known, reason) => {
  expect(unknownOption(options, known, 'Paint')).toBe(reason);
});
