/**
 * Values of a control plane as objects of its system namespace: what is secret in a Secret, all else in a ConfigMap. Keys of the
 * mesh are one for all revisions; settings are each revision's own.
 */

import { fieldOf, textOf } from '../../../kubernetes-api/plain-fields.ts';
import { managedByLabel, ownManager, ownName } from '../../../model/ownership.ts';

/** Of objects that hold values: what is followed is no more than these. */
const stateLabel = 'isthmus.dev/state';
export const valueSelector = `${stateLabel}=value`;
/** Of objects that hold records. Their value says of what. */
export const recordsLabel = 'isthmus.dev/records';

const secretFiles = /^(certificate-authority|token-keys)/;
const sharedFiles = /^(certificate-authority|token-keys|issuer)/;

export interface StateObject {
  readonly name: string;
  readonly version: string;
  /** By file name. */
  readonly files: ReadonlyMap<string, Buffer>;
}

export function isSecret(file: string): boolean {
  return secretFiles.test(file);
}

/** `certificate-authority.json` is in `isthmus-certificate-authority`. */
export function objectNameOf(file: string, revision: string): string {
  const stem = file.replace(/\.(json|journal)$/, '').replaceAll('.', '-');
  return `${ownName(sharedFiles.test(file) ? 'default' : revision)}-${stem}`;
}

/** Undefined for what is none. */
export function readStateObject(object: unknown): StateObject | undefined {
  const metadata = fieldOf(object, 'metadata');
  const [name, version] = [textOf(metadata, 'name'), textOf(metadata, 'resourceVersion')];
  if (name === undefined || version === undefined) return undefined;
  const isEncoded = fieldOf(object, 'kind') === 'Secret';
  const data = fieldOf(object, 'data');
  const entries = typeof data === 'object' && data !== null ? Object.entries(data) : [];
  const files = entries.map(
    ([file, text]) => [file, Buffer.from(String(text), isEncoded ? 'base64' : 'utf8')] as const,
  );
  return { name, version, files: new Map(files) };
}

interface StateObjectPlace {
  readonly namespace: string;
  readonly name: string;
  readonly version: string | undefined;
}

export function stateObject(file: string, bytes: Buffer, { namespace, name, version }: StateObjectPlace): object {
  const isHidden = isSecret(file);
  return {
    apiVersion: 'v1',
    kind: isHidden ? 'Secret' : 'ConfigMap',
    metadata: {
      name,
      namespace,
      labels: { [managedByLabel]: ownManager, [stateLabel]: 'value' },
      ...(version === undefined ? {} : { resourceVersion: version }),
    },
    ...(isHidden ? { type: 'Opaque' } : {}),
    data: { [file]: bytes.toString(isHidden ? 'base64' : 'utf8') },
  };
}
