/** Tokens that requests may carry to a workload: a request with one that is not valid is refused, one without is not. */
import type { RuleOrigin } from './route.ts';

export interface TokenRule {
  readonly origin: RuleOrigin;
  readonly issuer: string;
  /** None: any. */
  readonly audiences: readonly string[];
  /** A JSON Web Key Set with a usable key, or where a proxy gets it from: a port of a service. None: no token is valid. */
  readonly keys: { readonly set: string } | RemoteKeys | 'none';
  readonly fromHeaders: readonly { readonly name: string; readonly prefix?: string }[];
  readonly fromParams: readonly string[];
  readonly fromCookies: readonly string[];
  readonly payloadHeader?: string;
  readonly claimHeaders: readonly { readonly header: string; readonly claim: string }[];
  /** Whether the workload gets to see the token. */
  readonly forwards: boolean;
  readonly spaceDelimitedClaims: readonly string[];
}

export interface RemoteKeys {
  readonly uri: string;
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
}
