/** 01: schemas. */
import { entry } from './entry.ts';

export const schemas = {
  ISTH0101: entry('error', 'Unknown kind', 'Use a kind and apiVersion that isthmus reads: see the README.'),
  ISTH0102: entry('warning', 'Unknown field', 'Remove the field, or correct its spelling.'),
  ISTH0103: entry('error', 'Value has the wrong type', 'Write a value of the type named; put texts in quotes.'),
  ISTH0104: entry('error', 'Field is missing', 'Add the field.'),
  ISTH0105: entry('error', 'Value is not allowed', 'Write a value within the bounds named.'),
  ISTH0107: entry('error', "Kind's rule is violated", 'Change the object so that the rule named holds.'),
  ISTH0109: entry('error', 'Document is no API object', 'Give it an apiVersion, a kind and metadata with a name.'),
  ISTH0110: entry('info', 'Kind is not read', 'Nothing, if isthmus is not meant to read it.'),
  ISTH0111: entry('warning', 'Kind is not supported yet', 'Do not rely on it: isthmus does nothing with the object.'),
  ISTH0112: entry('error', 'Value is not plain data', 'Write texts, finite numbers, true, false, lists and maps only.'),
  ISTH0113: entry('error', 'Object is too large', 'Split the object, or move its endpoints into WorkloadEntries.'),
  ISTH0114: entry('info', 'Fields have no effect yet', 'Do not rely on these fields: nothing reads them yet.'),
  ISTH0115: entry('warning', 'More findings than are listed', 'Mend those that are listed, then validate again.'),
  ISTH0116: entry(
    'error',
    'Object is not named properly',
    'Use lower-case letters, digits, - and . as Kubernetes does.',
  ),
  ISTH0117: entry('warning', 'Kind has no namespace', 'Remove metadata.namespace: there is one such object for all.'),
  ISTH0118: entry('error', 'Unknown field in a condition or limit', 'Correct its spelling, or remove it.'),
  ISTH0119: entry('info', 'Written in the form of another version', 'Nothing; or write it in the form of its version.'),
  ISTH0120: entry('warning', 'Kind without its group', 'Write the group before the version, as the message says.'),
};
