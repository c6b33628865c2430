/**
 * Every finding the product can make, a file for each area: its stable code, severity, title and general remedy. A code is
 * never reused; its first two digits are the area's.
 */

import { access } from './findings/access.ts';
import { certificates } from './findings/certificates.ts';
import { cluster } from './findings/cluster.ts';
import { clusterWrites } from './findings/cluster-writes.ts';
import { codecs } from './findings/codecs.ts';
import { documents } from './findings/documents.ts';
import type { CatalogueEntry } from './findings/entry.ts';
import { hosts } from './findings/hosts.ts';
import { injection } from './findings/injection.ts';
import { migrations } from './findings/migrations.ts';
import { operation } from './findings/operation.ts';
import { osmPolicies } from './findings/osm-policies.ts';
import { registries } from './findings/registries.ts';
import { routes } from './findings/routes.ts';
import { rules } from './findings/rules.ts';
import { schemas } from './findings/schemas.ts';
import { translation } from './findings/translation.ts';
import { virtualIps } from './findings/virtual-ips.ts';
import { xds } from './findings/xds.ts';

export type { Severity } from './findings/entry.ts';

export const catalogue = {
  ...documents,
  ...schemas,
  ...rules,
  ...hosts,
  ...virtualIps,
  ...routes,
  ...codecs,
  ...translation,
  ...xds,
  ...operation,
  ...registries,
  ...migrations,
  ...certificates,
  ...access,
  ...osmPolicies,
  ...cluster,
  ...injection,
  ...clusterWrites,
} as const satisfies Record<string, CatalogueEntry>;

export type FindingCode = keyof typeof catalogue;
