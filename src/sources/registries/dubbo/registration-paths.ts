/**
 * What a node of a tree that Dubbo writes stands for, by its path and its data, whatever holds the tree: keys of etcd or
 * nodes of ZooKeeper.
 *
 *   interface level     INTERFACE/providers/URL    below the root, `/dubbo`; INTERFACE/consumers/URL
 *   application level   APPLICATION/INSTANCE       below `/services`
 */
import type { RegistryInstance, RegistryServiceName } from '../../../model/registry.ts';
import { parseApplicationInstance } from './application-instance.ts';
import { parseConsumer, parseProvider } from './provider-url.ts';

export type DubboNode =
  | { readonly kind: 'registration'; readonly service: RegistryServiceName; readonly instance: RegistryInstance }
  /** Calls a service by what stands here. */
  | { readonly kind: 'caller'; readonly service: RegistryServiceName; readonly caller: string }
  /** Changes what providers said of themselves; nobody here carries that out. */
  | { readonly kind: 'configurator'; readonly service: string }
  /** Says which consumers may call which providers; nobody here carries that out either. */
  | { readonly kind: 'router'; readonly service: string }
  /** Stands where registrations stand, and is none. */
  | { readonly kind: 'unreadable' }
  /** What Dubbo keeps beside. */
  | { readonly kind: 'other' };

/** Children of the root that are no interfaces. */
const besideInterfaces = new Set(['config', 'metadata', 'mapping']);

const other: DubboNode = { kind: 'other' };
const unreadable: DubboNode = { kind: 'unreadable' };

/** `path`: below the root, without a slash before it. */
export function readInterfaceNode(path: string): DubboNode {
  const [, encoded = '', category, url] = /^([^/]+)\/([^/]+)\/(.+)$/s.exec(path) ?? [];
  if (url === undefined || besideInterfaces.has(encoded)) return other;
  const name = decoded(encoded);
  if (category === 'configurators') return { kind: 'configurator', service: name };
  if (category === 'routers') return { kind: 'router', service: name };
  if (category === 'consumers') return readConsumer(name, url);
  if (category !== 'providers') return other;
  const provider = parseProvider(url);
  // Who may write below one interface must not register for another.
  if (provider === undefined || !isOf(name, provider.service.name)) return unreadable;
  return { kind: 'registration', ...provider };
}

/** One that cannot be read is nobody's loss. */
function readConsumer(name: string, url: string): DubboNode {
  const consumer = parseConsumer(url);
  return consumer === undefined || !isOf(name, consumer.service.name) ? other : { kind: 'caller', ...consumer };
}

/** `path`: below the root of applications, without a slash before it. `data`: what Curator or Dubbo wrote, JSON. */
export function readApplicationNode(path: string, data: string): DubboNode {
  const [, application = '', node] = /^([^/]+)\/(.+)$/s.exec(path) ?? [];
  if (node === undefined) return other;
  const instance = parseApplicationInstance(data);
  if (instance === undefined) return unreadable;
  return { kind: 'registration', service: { namespace: '', group: '', name: decoded(application) }, instance };
}

/** Versions of an interface are services of their own. */
function isOf(name: string, service: string): boolean {
  return service === name || service.startsWith(`${name}:`);
}

/** As it is, where it was encoded by no rule. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
