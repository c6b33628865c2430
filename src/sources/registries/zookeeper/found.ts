/** What an answer says of a node. */
import { IsthmusError } from '../../../model/errors.ts';
import type { JuteReader } from './jute.ts';
import { type Reply, Status } from './messages.ts';

/** What is read of a node that may not be there, or not be for us. */
export type Found<T> =
  | { readonly kind: 'found'; readonly value: T }
  | { readonly kind: 'absent' }
  | { readonly kind: 'denied' };

/** Throws UNAVAILABLE for any other answer; `name`: of the server. */
export function foundIn<T>({ status, body }: Reply, read: (body: JuteReader) => T, name: string): Found<T> {
  if (status === Status.ok) return { kind: 'found', value: read(body) };
  if (status === Status.noNode) return { kind: 'absent' };
  if (status === Status.noAuth) return { kind: 'denied' };
  throw refusal(status, name);
}

export function refusal(status: number, name: string): IsthmusError {
  return new IsthmusError('UNAVAILABLE', `${name}: ${statusText(status)}`);
}

function statusText(status: number): string {
  if (status === Status.authFailed) return 'authentication failed';
  if (status === Status.saslRequired) return 'the server demands SASL, which is not spoken here';
  if (status === Status.sessionExpired) return 'the session expired';
  return `error ${status}`;
}
