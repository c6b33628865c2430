/** What is told of a migration: for `isthmus migrate`. */
import type { MigrationPosition, MigrationStage } from './migration.ts';

export interface MigrationCheck {
  readonly what: string;
  readonly isMet: boolean;
}

/** A step forth or back, and what it depends on. */
export interface MigrationMove {
  readonly position: MigrationPosition;
  readonly checks: readonly MigrationCheck[];
  /** Line by line, what would be different for callers. */
  readonly changes: readonly string[];
}

export interface MigrationSide {
  readonly endpoints: number;
  readonly healthy: number;
}

export interface MigrationPortStatus {
  readonly port: number;
  /** Of the new host; absent where none of its ports takes over. */
  readonly toPort?: number;
  readonly from: MigrationSide;
  readonly to: MigrationSide;
  /** Percent of requests that the new endpoints take now. */
  readonly share: number;
}

export interface MigrationStatus {
  readonly namespace: string;
  readonly name: string;
  readonly host: string;
  /** The new host. */
  readonly to: string;
  readonly alias?: string;
  readonly stage: MigrationStage;
  /** Percent of requests that the new endpoints are to take. */
  readonly share: number;
  /** Milliseconds since the epoch; absent until it was noted. */
  readonly since?: number;
  /** Virtual IPs of the host. */
  readonly addresses: readonly string[];
  readonly isRetired: boolean;
  /** Clients that ask the registry itself for the service, as far as it tells: they do not see the mesh. */
  readonly callers: readonly string[];
  readonly ports: readonly MigrationPortStatus[];
  readonly next?: MigrationMove;
  readonly previous?: MigrationMove;
  /** The one that was asked for. */
  readonly move?: MigrationMove;
}
