/** Whom a TrafficTarget names: service accounts, and IdentityBindings. */
import type { Conversion } from '../kind-versions.ts';
import { isDnsLabel, isDnsSubdomain } from '../kubernetes-names.ts';
import { type Path, quote } from '../problem.ts';
import type { IdentityReference } from '../types/smi.ts';

export interface ReferenceContent {
  readonly kind: 'ServiceAccount' | 'IdentityBinding';
  readonly name: string;
  /** As Go writes it, an empty one is none. */
  readonly namespace?: string;
}

/** Of the object's own namespace where none is written. */
export function readReference(content: ReferenceContent, path: Path, conversion: Conversion): IdentityReference {
  const { kind, name } = content;
  const namespace =
    content.namespace === undefined || content.namespace === '' ? conversion.namespace : content.namespace;
  const { problems } = conversion;
  if (!isDnsSubdomain(name)) {
    const code = kind === 'ServiceAccount' ? 'ISTH0220' : 'ISTH0116';
    problems.add(code, [...path, 'name'], `${quote(name)} is no name of a ${kind}.`);
  }
  if (!isDnsLabel(namespace)) {
    problems.add('ISTH0116', [...path, 'namespace'], `${quote(namespace)} is no name of a namespace.`);
  }
  return { kind, namespace, name };
}
