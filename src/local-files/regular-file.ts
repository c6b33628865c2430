/** Files that users name, read: nothing else that has a name, since a pipe would be waited for without end. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** Rejects where it cannot be read, or is no regular file. A symbolic link is followed: mounted Secrets are links. */
export async function readRegularFile(path: string): Promise<string> {
  // A pipe that nobody writes to is opened at once by who does not insist.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) throw new Error('it is no regular file');
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
