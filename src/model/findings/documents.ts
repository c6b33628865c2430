/** 00: files and documents. */
import { entry } from './entry.ts';

export const documents = {
  ISTH0001: entry('error', 'File cannot be read', 'Make the file readable for the user that runs isthmus.'),
  ISTH0002: entry('error', 'Document is not valid YAML', 'Correct the YAML at the place named.'),
  ISTH0003: entry('error', 'Key written twice', 'Keep one of the two: readers differ in which of them counts.'),
  ISTH0004: entry('error', 'Aliases expand without bound', 'Write the repeated part out, or repeat less of it.'),
  ISTH0005: entry('error', 'Too large', 'Split it: a file may have 32 MiB, a document in it 4 MiB.'),
  ISTH0006: entry('error', 'Not UTF-8 text', 'Save the file as UTF-8.'),
  ISTH0007: entry(
    'error',
    'YAML that readers disagree about',
    'Write the value in plain YAML 1.2, without tags or merge keys.',
  ),
  ISTH0008: entry(
    'warning',
    'Value that YAML 1.1 reads otherwise',
    'Quote it if it is text; otherwise write it as YAML 1.2 does: true, false, 0o17, a plain decimal number.',
  ),
  ISTH0009: entry('error', 'Nested too deeply', 'Use at most 64 levels.'),
  ISTH0010: entry('error', 'Object written twice', 'Remove one of the documents, or give it another name.'),
  ISTH0011: entry(
    'info',
    'File looks half-written',
    'Nothing, if it is being saved: what was there before stays in force.',
  ),
  ISTH0012: entry('warning', 'Last good version stays in force', 'Correct the document named, or remove it.'),
  ISTH0013: entry(
    'error',
    'Folder cannot be seen',
    'Make it readable. Until then nothing that came from it is removed.',
  ),
  ISTH0014: entry(
    'warning',
    'Folder or file is empty',
    'Nothing was removed. To remove the last objects, leave a file in place that holds only a comment.',
  ),
  ISTH0015: entry(
    'warning',
    'Folder cannot be watched',
    'Raise fs.inotify.max_user_watches. Until then changes are noticed by looking from time to time.',
  ),
  ISTH0016: entry('warning', 'Manifest is passed over', 'Put a regular file in its place, at most 32 folders deep.'),
};
