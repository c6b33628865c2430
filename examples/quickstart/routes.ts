/** The MetaRouters that the phases put in force: those of routes/, as a user would copy them into her folder. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

export interface Target {
  /** Name of the MetaRouter, and of its folder in routes/. */
  readonly name: string;
  readonly host: string;
}

export type RouteName = 'weighted' | 'matched' | 'mirrored' | 'limited' | 'all-to-v1' | 'all-to-v2';

export function routeManifest(target: Target, name: RouteName): string {
  return readFileSync(path.join(import.meta.dirname, 'routes', target.name, `${name}.yaml`), 'utf8');
}
