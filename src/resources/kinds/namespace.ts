/** core/v1 Namespace: known by its name and labels alone. */
import { defineKind } from '../kind-reader.ts';
import type { Infer } from '../schema-language.ts';
import { namespaceSpec } from '../schemas/kubernetes.ts';
import { objectHead } from '../schemas/object-head.ts';
import type { Namespace } from '../types/kubernetes.ts';

const schema = {
  type: 'object',
  required: ['metadata'],
  properties: { ...objectHead, spec: namespaceSpec },
} as const;

export const namespace = defineKind<Infer<typeof schema>, Namespace>({
  info: { kind: 'Namespace', group: '', plural: 'namespaces', versions: ['v1'], scope: 'Cluster' },
  schema: () => schema,
  build: (_, head) => ({ kind: 'Namespace', ...head, spec: {} }),
});
