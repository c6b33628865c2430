import { expect, it } from 'vitest';
import { bearsOwnLabels, ownLabels, ownName, ownSelector } from './ownership.ts';

it('names a control plane after its revision, and the default one plainly', () => {
  expect(ownName('default')).toBe('isthmus');
  expect(ownName('canary')).toBe('isthmus-canary');
});

it('tells what a control plane wrote from what another one wrote, and from what only says its revision', () => {
  expect(bearsOwnLabels(ownLabels('canary'), 'canary')).toBe(true);
  expect(bearsOwnLabels(ownLabels('canary'), 'default')).toBe(false);
  expect(bearsOwnLabels({ 'isthmus.dev/rev': 'canary' }, 'canary')).toBe(false);
  expect(ownSelector('canary')).toBe('app.kubernetes.io/managed-by=isthmus,isthmus.dev/rev=canary');
});
