/** What of a service only the object that declares it says: it shapes what Istio is told, and nothing else. */
import type { Context } from '../../collections/collection.ts';
import type { Service } from '../../model/service.ts';
import { resourceKey } from '../../resources/kinds.ts';
import { isFilledByRegistry } from '../../resources/registry-labels.ts';
import { plainAddress } from '../endpoints/ip-address.ts';
import type { ResourceCollections } from '../inputs.ts';
import { allocatedTo } from './service-entry-declarations.ts';

type Labels = Readonly<Record<string, string>>;

export interface ServiceOwner {
  /** Labels of its workloads; absent where it selects none. */
  readonly selector?: Labels;
  /** The Dubbo interface that it serves; absent where nothing says it. */
  readonly dubboInterface?: string;
  /** Addresses that Istio gave to its host. */
  readonly allocated?: readonly string[];
  /** Its addresses as Istio calls listeners after them, where they are written in another way than ours. */
  readonly spelled?: Readonly<Record<string, string>>;
  /** It waits for endpoints that a registry's bridge is to write into it. */
  readonly isFilled?: true;
}

/** `resources`: of Services and ServiceEntries. */
export function serviceOwner(
  context: Context,
  resources: Pick<ResourceCollections, 'Service' | 'ServiceEntry'>,
  { host, provenance: { object } }: Service,
): ServiceOwner {
  const { namespace = '', name } = object;
  if (object.kind === 'Service') {
    const service = context.get(resources.Service, resourceKey('Service', namespace, name));
    return service === undefined ? {} : ownerOf(service.spec.selector, service.metadata.annotations);
  }
  if (object.kind !== 'ServiceEntry') return {};
  const entry = context.get(resources.ServiceEntry, resourceKey('ServiceEntry', namespace, name));
  if (entry === undefined) return {};
  const { annotations } = entry.metadata;
  const { workloadSelector } = entry.spec;
  const allocated = allocatedTo(entry, host);
  // Istio takes an address as it is written, but for the length of a prefix.
  const spelled = (entry.spec.addresses ?? []).filter((one) => !one.includes('/') && plainAddress(one) !== one);
  return {
    ...ownerOf(workloadSelector?.labels ?? writtenSelector(annotations.workloadSelector), annotations),
    ...(allocated.length === 0 ? {} : { allocated }),
    ...(spelled.length === 0 ? {} : { spelled: Object.fromEntries(spelled.map((one) => [plainAddress(one), one])) }),
    ...(isFilledByRegistry(entry.metadata) ? { isFilled: true } : {}),
  };
}

function ownerOf(selector: Labels = {}, { interface: dubboInterface }: Labels): ServiceOwner {
  return {
    ...(Object.keys(selector).length === 0 ? {} : { selector }),
    ...(dubboInterface === undefined || dubboInterface === '' ? {} : { dubboInterface }),
  };
}

/** Aeraki's annotation for entries without a selector: `key: value`, or the value of `app` alone. */
function writtenSelector(text = ''): Labels {
  const [first = '', second, ...more] = text.replaceAll(' ', '').split(':');
  if (first === '' || more.length > 0) return {};
  return second === undefined ? { app: first } : { [first]: second };
}
