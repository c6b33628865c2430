import { expect, it } from 'vitest';
import { createLogger } from './log.ts';

it('what others wrote stays on its line, and moves no cursor', () => {
  let written = '';
  const log = createLogger({ level: 'info', format: 'text' }, (line) => {
    written += line;
  });
  log.warn({ reason: 'bad\n15:00:00 INFO  forged\u001b[2J' }, 'registry cannot be seen');
  expect(written.split('\n')).toHaveLength(2);
  expect(written).toMatch(
    /^\d\d:\d\d:\d\d WARN {2}registry cannot be seen reason=bad\\x0a15:00:00 INFO {2}forged\\x1b\[2J\n$/,
  );
});
