import { expect, test } from 'vitest';
import { isLoopback } from './loopback.ts';

test.each(['127.0.0.1', '127.241.3.4', 'localhost', '::1', '[::1]', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1'])(
  '%s is loopback',
  (host) => {
    expect(isLoopback(host)).toBe(true);
  },
);

test.each([
  '0.0.0.0',
  '::',
  '10.0.0.1',
  '128.0.0.1',
  '::2',
  '1::1',
  'fe80::1',
  'localhost.example.com',
  '127.0.0.1.example.com',
  '',
  '127.1',
])('%s is not', (host) => {
  expect(isLoopback(host)).toBe(false);
});
