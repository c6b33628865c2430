/** What is followed of Dubbo's tree: which nodes have children that count, and which children are registrations. */
import type { RegistryServiceName } from '../../../model/registry.ts';

/**
 *   interfaces     ROOT, its children are interfaces
 *   interface      ROOT/IFACE, its children are categories
 *   category       ROOT/IFACE/providers, its children are registrations by their names alone
 *   applications   SERVICES, its children are applications
 *   application    SERVICES/APP, its children are instances
 *   instance       SERVICES/APP/INSTANCE, a registration by its data
 */
export type Role = 'interfaces' | 'interface' | 'category' | 'applications' | 'application' | 'instance';

const categories = new Set(['providers', 'consumers', 'configurators', 'routers']);
/** Children of the root that are no interfaces. */
const besideInterfaces = new Set(['config', 'metadata', 'mapping']);

/** What the child of a node is; undefined where nothing of it counts. */
export function roleOfChild(
  role: Role,
  name: string,
  isSelected: (name: RegistryServiceName) => boolean,
): Role | 'registration' | undefined {
  switch (role) {
    case 'interfaces':
      return besideInterfaces.has(name) ? undefined : 'interface';
    case 'interface':
      return categories.has(name) ? 'category' : undefined;
    case 'category':
      return 'registration';
    case 'applications':
      return isSelected({ namespace: '', group: '', name }) ? 'application' : undefined;
    case 'application':
      return 'instance';
    case 'instance':
      return undefined;
  }
}

/** When a provider started, by its URL: of two with one address the later one counts. */
export function startOf(url: string): number {
  const [, digits] = /timestamp(?:=|%3D)(\d{1,15})/i.exec(url) ?? [];
  return Number(digits ?? 0);
}
