import { expect, it } from 'vitest';
import { benchResources } from './resources.bench.ts';

it('the resources bench reads what it was given, and finds each unknown field', () => {
  expect(benchResources(20)).toMatchObject({ objects: 20, endpoints: 200, accepted: 20, findings: 20 });
});
