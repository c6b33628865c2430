/** 09: state and operation. */
import { entry } from './entry.ts';

export const operation = {
  ISTH0901: entry(
    'error',
    'State folder cannot be written',
    'Make room, or make it writable. What is leased stays; new hosts get their addresses when it can be written again.',
  ),
  ISTH0902: entry(
    'warning',
    'State file was damaged',
    'Nothing at once: what could be read is in force. The damaged file was set aside; look into the disk.',
  ),
  ISTH0903: entry(
    'warning',
    'State file was cut or emptied',
    'Nothing after a crash or a power failure. Otherwise see who else writes into the folder; to have all addresses as they were, stop isthmus and put back a copy of the file.',
  ),
  ISTH0990: entry(
    'error',
    'A derivation failed',
    'This is a defect of isthmus: report it with the object named. What was derived before stays in force.',
  ),
};
