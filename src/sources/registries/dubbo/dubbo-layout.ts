/** Dubbo's registrations in etcd: providers of interfaces by their URLs, instances of applications as JSON. */
import { readApplicationNode, readInterfaceNode } from '../dubbo/registration-paths.ts';
import type { Layout } from './layout.ts';

export interface DubboRoots {
  /** Begin of keys, such as `/dubbo/`; absent when that level is not read. */
  readonly interfaces?: string;
  /** Such as `/services/`. */
  readonly applications?: string;
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
