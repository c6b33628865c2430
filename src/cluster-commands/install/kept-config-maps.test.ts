import { expect, it } from 'vitest';
import { reasonToKeep } from './kept-config-maps.ts';

const alone = { revisions: [], ownNamespaces: new Set<string>() };
const beside = { revisions: ['canary'], ownNamespaces: new Set(['lab']) };

interface Writer {
  readonly manager: string;
  readonly fieldsV1: object;
}
const ours: Writer = { manager: 'isthmus-roots', fieldsV1: { 'f:data': { 'f:roots.pem': {} } } };

function map(name: string, namespace = 'shop', writers: readonly Writer[] = [ours], labels: object = {}) {
  return { metadata: { name, namespace, labels, managedFields: writers } };
}

it.each(['isthmus-roots', 'isthmus-bootstrap-config'])('%s goes with the last control plane', (name) => {
  expect(reasonToKeep(map(name), alone)).toBeUndefined();
});

it.each(['isthmus-roots', 'isthmus-bootstrap-config'])('%s stays for another control plane, which is named', (name) => {
  expect(reasonToKeep(map(name), beside)).toContain('another control plane is in the cluster: canary.');
});

it('goes from a namespace that only the control plane heeds that goes', () => {
  expect(reasonToKeep(map('isthmus-roots', 'lab'), beside)).toBeUndefined();
});

it('goes beside another control plane where no Pod starts with it', () => {
  expect(reasonToKeep(map('isthmus-state'), beside)).toBeUndefined();
});

it('stays where others wrote data into it, with who, what, and how it becomes theirs', () => {
  const data: Writer = { manager: 'kubectl-edit', fieldsV1: { 'f:data': { 'f:their.pem': {}, 'f:a.pem': {} } } };
  const bytes: Writer = { manager: 'backup', fieldsV1: { 'f:binaryData': { '.': {}, 'f:blob': {} } } };
  const why = reasonToKeep(map('isthmus-roots', 'lab', [ours, data, bytes]), alone);
  expect(why).toContain('Others wrote into it: backup (blob); kubectl-edit (a.pem, their.pem).');
  expect(why).toContain('kubectl -n lab label configmap isthmus-roots app.kubernetes.io/managed-by- isthmus.dev/rev-');
});

it('goes where others wrote labels only', () => {
  const labeller: Writer = { manager: 'kubectl-label', fieldsV1: { 'f:metadata': { 'f:labels': { 'f:team': {} } } } };
  expect(reasonToKeep(map('isthmus-roots', 'shop', [ours, labeller]), alone)).toBeUndefined();
});

it.each([
  ['by its label', map('old-bootstrap', 'shop', [ours], { 'isthmus.dev/adopted': 'true' })],
  ['by its name, which we never make', map('aeraki-bootstrap-config')],
])('stays where it was taken over: known %s', (_, adopted) => {
  expect(reasonToKeep(adopted, alone)).toContain('taken over by "isthmus adopt"');
});
