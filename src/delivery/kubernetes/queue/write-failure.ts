/** Why a write did not come about, told apart by what would mend it. */
import type { ApiFailure } from '../../../kubernetes-api/api-failure.ts';

export type WriteFailure =
  /** Nobody answers, or nobody who could. */
  | 'unreachable'
  /** It asks to be left alone. */
  | 'busy'
  /** What is there is not what we took to be there. */
  | 'changed'
  /** There is no such kind, or it is about to go. */
  | 'kind-absent'
  | 'namespace-absent'
  | 'namespace-terminating'
  | 'no-right'
  /** It does not want the object: its schema, a rule, a webhook. */
  | 'refused';

export function writeFailureOf(failure: ApiFailure): WriteFailure {
  const { status, reason, message } = failure;
  if (status === undefined || (status >= 502 && status <= 504)) return 'unreachable';
  if (status === 429) return 'busy';
  if (status === 409) return 'changed';
  if (status === 405) return 'kind-absent';
  if (status === 404) return /^namespaces "/.test(message) ? 'namespace-absent' : 'kind-absent';
  if (failure.isOfEndingNamespace) return 'namespace-terminating';
  if (status === 403) return forbidden(message);
  if (status === 422 && reason === 'Invalid' && /: metadata\.(uid|resourceVersion): /.test(message)) return 'changed';
  return 'refused';
}

/** Lies with no object: whatever is sent, the server, or the way to it, is to be left alone for a while. */
export function isOfServer(cause: WriteFailure): cause is 'unreachable' | 'busy' {
  return cause === 'unreachable' || cause === 'busy';
}

function forbidden(message: string): WriteFailure {
  if (message.includes('custom resource definition is terminating')) return 'kind-absent';
  return /cannot \w+ resource/.test(message) ? 'no-right' : 'refused';
}
