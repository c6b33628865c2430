/** A list of services, as the server answers it. */
import type { Doubt } from '../doubt.ts';
import type { KnownService } from './known-services.ts';
import type { DiscoverResponse } from './polaris-messages.ts';

/** Of the server itself: nobody's services, unless somebody asks for them. */
const ownNamespace = 'Polaris';

interface ServiceList {
  readonly services: readonly Pick<KnownService, 'name' | 'metadata'>[];
  readonly revision: string;
  /** Why it may not be all. */
  readonly doubt?: Doubt;
}

export function readServiceList(scope: string, { service, services = [] }: DiscoverResponse): ServiceList {
  const listed = services.map(({ name, namespace, metadata = {} }) => ({
    name: { namespace: namespace?.value ?? scope, group: '', name: name?.value ?? '' },
    metadata,
  }));
  const wanted = listed.filter(({ name }) => name.name !== '' && (scope !== '' || name.namespace !== ownNamespace));
  const revision = service?.revision?.value ?? '';
  const list = { services: wanted, revision };
  if (listed.some(({ name }) => name.name === ''))
    return { ...list, doubt: { cause: 'unreadable', text: 'the server lists a service without a name' } };
  // An unknown namespace is answered like an empty one, but for the revision.
  if (listed.length === 0 && revision === '')
    return { ...list, doubt: { cause: 'absent', text: 'the server lists no service, and no revision' } };
  return list;
}
