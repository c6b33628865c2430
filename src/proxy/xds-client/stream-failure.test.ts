import { status } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { failureOf } from './stream-failure.ts';

const note = ' (2026-11-21T13:55:19.078Z). Resolution note: tried 2 addresses';
const none = 'No connection established. Last error: ';

it.each([
  [
    14,
    `${none}Error: connect ECONNREFUSED 127.0.0.1:1. Resolution note: `,
    'nothing listens there (connection refused)',
  ],
  [14, 'Name resolution failed for target dns:nohost.invalid:15010', 'its name cannot be resolved'],
  [
    14,
    `${none}Error: connect ENETUNREACH 224.0.0.1:5 - Local (0.0.0.0:0). Resolution note: `,
    'there is no route to it',
  ],
  [14, `${none}Protocol error${note}`, 'what listens there speaks no gRPC, or only with TLS'],
  [14, `${none}Failed to connect${note}`, 'the connection was closed before anything was said'],
  [14, 'Connection dropped', 'the connection broke'],
  [14, `${none}something new${note}`, 'something new'],
  [14, '', 'no reason given'],
  [
    12,
    'Received HTTP status code 404',
    'what answers there serves no aggregated discovery (Received HTTP status code 404)',
  ],
  [16, 'no token', 'it refuses this proxy (no token)'],
  [13, 'broken', 'it answered INTERNAL (broken)'],
])('says of status %i "%s" that %s', (code, details, reason) => {
  expect(failureOf({ code, details })).toEqual({ reason, refused: code !== status.UNAVAILABLE });
});
