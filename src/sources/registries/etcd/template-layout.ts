/** Registrations whose keys follow a template, with values that are JSON or an address. */

import type { Layout } from '../registrations/layout.ts';
import { type FieldNames, readInstance } from './instance-value.ts';
import type { KeyTemplate } from './key-template.ts';

export function templateLayout(template: KeyTemplate, names: FieldNames): Layout {
  return {
    prefixes: [template.prefix],
    read: (_prefix, key, value) => {
      const parts = template.match(key);
      const instance = parts === undefined ? undefined : readInstance(names, parts.instance, value);
      if (parts?.service === undefined || instance === undefined) return { kind: 'unreadable' };
      const { namespace = '', group = '', service } = parts;
      return { kind: 'registration', service: { namespace, group, name: service }, instance };
    },
  };
}
