/** What each translation gives: resources with their scopes, and what the proxies it is for cannot do. */
import type { Finding } from '../model/finding.ts';
import type { ScopedResource } from './scope.ts';

export interface Translation {
  readonly resources: readonly ScopedResource[];
  readonly findings: readonly Finding[];
}
