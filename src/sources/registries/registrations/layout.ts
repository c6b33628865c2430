/** Where in the store registrations stand, and what a key with its value registers. */
import type { RegistryInstance, RegistryServiceName } from '../../../model/registry.ts';

export interface Layout {
  /** Begins of keys; none of them is the begin of another. */
  readonly prefixes: readonly string[];
  /** `prefix`: of `prefixes`, the one that the key begins with. */
  read(prefix: string, key: string, value: string): Reading;
}

export type Reading =
  | { readonly kind: 'registration'; readonly service: RegistryServiceName; readonly instance: RegistryInstance }
  /** Asks the store itself for a service. `caller`: its name and address. */
  | { readonly kind: 'caller'; readonly service: RegistryServiceName; readonly caller: string }
  /** Changes what others registered, by rules that are not carried out. */
  | { readonly kind: 'configurator'; readonly service: string }
  /** Says who may call whom, by rules that are not carried out. */
  | { readonly kind: 'router'; readonly service: string }
  /** Stands where registrations stand, and is none that can be read. */
  | { readonly kind: 'unreadable' }
  /** Nothing that is asked for. */
  | { readonly kind: 'other' };
