import { expect, it } from 'vitest';
import { finding } from '../model/finding.ts';
import { formatFinding } from './findings.ts';

const printed = (message: string) =>
  formatFinding(finding('ISTH0002', { object: { kind: 'File', name: 'x' }, message, remedy: 'Correct it.' }));

it('what is wrong and how to mend it are two sentences, wherever the words came from', () => {
  expect(printed('line 16: bad indentation')).toMatch(/: line 16: bad indentation\. \S*Correct it\./);
  expect(printed('EACCES: permission denied, open "/x"')).toMatch(/open "\/x"\. \S*Correct it\./);
  expect(printed('There is none.')).toMatch(/: There is none\. \S*Correct it\./);
});
