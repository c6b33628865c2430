import { expect, it } from 'vitest';
import type { ResourceChange } from '../config/resources.ts';
import { InForce } from './in-force.ts';

const change = (kind: ResourceChange['kind'], name: string, version: string): ResourceChange => ({
  kind,
  name,
  version,
  body: version === '' ? undefined : new Uint8Array(1),
});
const shown = (inForce: InForce): string[] =>
  inForce.all().map(({ kind, name, version }) => `${kind} ${name} ${version}`);

it('tells a worker that begins later what the others have, in the order in which it is applied', () => {
  const inForce = new InForce();
  inForce.note([change('listener', 'l', '1'), change('cluster', 'c', '1'), change('cluster', 'd', '1')])([]);
  inForce.note([change('cluster', 'c', '2'), change('cluster', 'd', '')])([]);
  expect(shown(inForce)).toEqual(['cluster c 2', 'listener l 1']);
});

it('goes back to what was in force when a change is refused', () => {
  const inForce = new InForce();
  inForce.note([change('cluster', 'c', '1')])([]);
  const settle = inForce.note([change('cluster', 'c', '2'), change('cluster', 'd', '1'), change('cluster', 'e', '1')]);
  expect(shown(inForce)).toEqual(['cluster c 2', 'cluster d 1', 'cluster e 1']);
  settle([
    { kind: 'cluster', name: 'c', reason: 'wrong' },
    { kind: 'cluster', name: 'd', reason: 'wrong' },
  ]);
  expect(shown(inForce)).toEqual(['cluster c 1', 'cluster e 1']);
});
