/** AdmissionReview of admission.k8s.io/v1: what an API server asks before it takes an object, and what it is answered. */
import type { PatchOperation } from '../../../translate/injection/json-patch.ts';

export interface AdmissionRequest {
  readonly uid: string;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  /** Of the object as it is sent; group is empty for the core group. */
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  /** Empty for what belongs to no namespace. */
  readonly namespace: string;
  /** Empty where the server is to make one. */
  readonly name: string;
  readonly object: unknown;
  /** Before an UPDATE; else null or undefined. */
  readonly oldObject: unknown;
}

export interface AdmissionAnswer {
  /** What it is refused for; absent: it is let in. */
  readonly refusal?: string;
  /** Shown to who sent the object. */
  readonly warnings?: readonly string[];
  readonly patch?: readonly PatchOperation[];
}

/** Undefined for what is none, whatever it is. */
export function readReview(body: string): AdmissionRequest | undefined {
  const review = fieldsOf(parsed(body));
  if (review.apiVersion !== apiVersion || review.kind !== kind) return undefined;
  const { uid, operation, kind: what, namespace = '', name = '', object, oldObject } = fieldsOf(review.request);
  const { group, version, kind: ofObject } = fieldsOf(what);
  if (typeof uid !== 'string' || uid === '' || !isOperation(operation)) return undefined;
  if (typeof namespace !== 'string' || typeof name !== 'string') return undefined;
  if (typeof group !== 'string' || typeof version !== 'string' || typeof ofObject !== 'string') return undefined;
  return { uid, operation, kind: { group, version, kind: ofObject }, namespace, name, object, oldObject };
}

const apiVersion = 'admission.k8s.io/v1';
const kind = 'AdmissionReview';

function isOperation(value: unknown): value is AdmissionRequest['operation'] {
  return value === 'CREATE' || value === 'UPDATE' || value === 'DELETE' || value === 'CONNECT';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** API servers cut what is longer. */
const bounds = { warnings: 16, warningLength: 250, refusalLength: 16_384 } as const;

/** JSON. */
export function writeReview(uid: string, { refusal, warnings = [], patch = [] }: AdmissionAnswer): string {
  const shown = warnings.slice(0, bounds.warnings).map((text) => shortened(text, bounds.warningLength));
  const left = warnings.length - shown.length;
  const response = {
    uid,
    allowed: refusal === undefined,
    ...(refusal === undefined
      ? {}
      : { status: { code: 422, reason: 'Invalid', message: shortened(refusal, bounds.refusalLength) } }),
    ...(warnings.length === 0 ? {} : { warnings: left === 0 ? shown : [...shown, `and ${left} more`] }),
    ...(refusal !== undefined || patch.length === 0
      ? {}
      : { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') }),
  };
  return JSON.stringify({ apiVersion, kind, response });
}

function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 3)}...`;
}
