/** 11: migrations. */
import { entry } from './entry.ts';

export const migrations = {
  ISTH1101: entry(
    'warning',
    'Migration names an unknown host',
    'Correct the host, unless a registry declares it that is not seen here. Until then all requests go where they went.',
  ),
  ISTH1102: entry(
    'warning',
    'Migration has nowhere to go',
    'Let the new endpoints become healthy. Until then all requests go to those that are there.',
  ),
  ISTH1103: entry('warning', 'Another migration of this host comes first', 'Keep one MigrationPlan for the host.'),
  ISTH1104: entry(
    'error',
    'Migration stands in a foreign namespace',
    'Move the MigrationPlan into the namespace of the service, or into the root namespace.',
  ),
  ISTH1105: entry('error', 'Port has nowhere to migrate to', 'Name the port of the new host in spec.to.ports.'),
  ISTH1106: entry('info', 'Retirement waits', 'Nothing: the host goes when it has been quiet for spec.quiet.'),
  ISTH1107: entry('error', 'Alias is taken', 'Choose a name that no host of the mesh and no other plan has.'),
  ISTH1108: entry('error', 'MigrationPlan is not valid', 'Correct the field at the path named.'),
  ISTH1109: entry(
    'warning',
    'Host is not removed',
    'Remove the object that declares it by hand: it is yours, not that of a registry.',
  ),
};
