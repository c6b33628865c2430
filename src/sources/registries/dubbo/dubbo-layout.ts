/** Dubbo's registrations in a tree: providers of interfaces by their URLs, instances of applications as JSON. */

import type { Layout } from '../registrations/layout.ts';
import { readApplicationNode, readInterfaceNode } from './registration-paths.ts';

export interface DubboRoots {
  /** Begin of keys, such as `/dubbo/`; absent when that level is not read. */
  readonly interfaces?: string;
  /** Such as `/services/`. */
  readonly applications?: string;
}

export const dubboOptions = ['root', 'services', 'levels'] as const;

/** By the options of a ServiceRegistry. Gives why there are none, as text. */
export function dubboRootsOf({
  root = 'dubbo',
  services = 'services',
  levels = 'interface,application',
}: Readonly<Record<string, string>>): DubboRoots | string {
  const wanted = levels.split(',').map((level) => level.trim());
  const wrong = wanted.find((level) => level !== 'interface' && level !== 'application');
  if (wrong !== undefined) return `options.levels: ${JSON.stringify(wrong)} is neither interface nor application`;
  const roots = {
    ...(wanted.includes('interface') ? { interfaces: prefixOf(root) } : {}),
    ...(wanted.includes('application') ? { applications: prefixOf(services) } : {}),
  };
  const { interfaces, applications } = roots;
  if (interfaces === '/' || applications === '/') return 'options.root and options.services must not be empty';
  if (interfaces !== undefined && applications !== undefined && areNested(interfaces, applications))
    return 'options.root and options.services must not lie within one another';
  return roots;
}

export function dubboLayout({ interfaces, applications }: DubboRoots): Layout {
  return {
    prefixes: [interfaces, applications].filter((prefix) => prefix !== undefined),
    read: (prefix, key, value) => {
      const path = key.slice(prefix.length);
      return prefix === interfaces ? readInterfaceNode(path) : readApplicationNode(path, value);
    },
  };
}

function prefixOf(root: string): string {
  const path = root.replace(/^\/+|\/+$/g, '');
  return path === '' ? '/' : `/${path}/`;
}

function areNested(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}
