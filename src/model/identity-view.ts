/** Whom one identity may call, and who may call it: all that decides, for whoever wants to look at it from its side. */
import type { AccessRule } from './access.ts';
import type { AccessView } from './access-view.ts';
import type { Place } from './finding.ts';
import type { AccessMode } from './mesh-service.ts';
import type { ServiceKey } from './service.ts';

export interface IdentityView {
  readonly access: AccessMode;
  readonly trustDomain: string;
  /** A SPIFFE id. */
  readonly identity: string;
  /** Behind which it stands, in order of keys. */
  readonly services: readonly ServiceKey[];
  /** What may be sent to its workloads. */
  readonly rules: readonly AccessRule[];
  /** Of the objects that the rules are from, by their names as findings print them. */
  readonly places: Readonly<Record<string, Place>>;
  /** Services of which some rule lets it call something; in order of keys. While no access rules are asked, those outside the mesh alone. */
  readonly callable: readonly AccessView[];
}
