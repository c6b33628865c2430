import { expect, it } from 'vitest';
import { ApiFailure } from '../../../kubernetes-api/api-failure.ts';
import { writeFailureOf } from './write-failure.ts';

/** As a real API server says them. */
it.each([
  [undefined, '', 'connect ECONNREFUSED', 'unreachable'],
  [503, 'ServiceUnavailable', 'apiserver not ready', 'unreachable'],
  [429, 'TooManyRequests', 'storage is (re)initializing', 'busy'],
  [409, 'Conflict', 'uid mismatch: the provided object specified uid 1, and no existing object was found', 'changed'],
  [422, 'Invalid', 'a "b" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified', 'changed'],
  [422, 'Invalid', 'a "b" is invalid: metadata.uid: Invalid value: "1": field is immutable', 'changed'],
  [422, 'Invalid', 'a "b" is invalid: spec: Invalid value: no', 'refused'],
  [500, '', 'failed to create typed patch object (/a): .spec.foo: field not declared in schema', 'refused'],
  [403, 'Forbidden', 'admission webhook "v.istio.io" denied the request: no', 'refused'],
  [403, 'Forbidden', 'a is forbidden: User "x" cannot patch resource "a" in API group "b"', 'no-right'],
  [
    403,
    'Forbidden',
    'unable to create new content in namespace a because it is being terminated',
    'namespace-terminating',
  ],
  [403, 'Forbidden', 'create not allowed while custom resource definition is terminating', 'kind-absent'],
  [404, 'NotFound', 'namespaces "a" not found', 'namespace-absent'],
  [404, '', 'status 404', 'kind-absent'],
] as const)('an answer of %s %s, %s, means that it is %s', (status, reason, message, cause) => {
  const failure = new ApiFailure(message, { reason, ...(status === undefined ? {} : { status }) });
  expect(writeFailureOf(failure)).toBe(cause);
});
