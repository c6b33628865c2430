/** security.istio.io/v1, v1beta1. */
import type { Resource } from './resource.ts';

export interface PolicyTarget {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** Who a policy is for. Neither of the two: every workload of its namespace, or of the mesh in the root namespace. */
export interface PolicyScope {
  readonly selector?: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly targetRefs: readonly PolicyTarget[];
}

export type MutualTlsMode = 'UNSET' | 'DISABLE' | 'PERMISSIVE' | 'STRICT';

export type PeerAuthentication = Resource<
  'PeerAuthentication',
  {
    readonly selector?: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly mtls: MutualTlsMode;
    readonly portLevelMtls: readonly { readonly port: number; readonly mtls: MutualTlsMode }[];
  }
>;

/** Each list holds values of which one has to fit, or none in case of `not...`; none at all: no condition. */
export type AuthorizationConditions = Readonly<Record<string, readonly string[]>>;

export interface AuthorizationRuleSpec {
  /** Fields such as principals and notNamespaces. None: every caller. */
  readonly from: readonly AuthorizationConditions[];
  /** Fields such as methods and notPaths. None: every request. */
  readonly to: readonly AuthorizationConditions[];
  readonly when: readonly {
    readonly key: string;
    readonly values: readonly string[];
    readonly notValues: readonly string[];
  }[];
}

export type AuthorizationPolicy = Resource<
  'AuthorizationPolicy',
  PolicyScope & {
    readonly action: 'ALLOW' | 'DENY' | 'AUDIT' | 'CUSTOM';
    /** None: an ALLOW that allows nothing, a DENY that denies nothing. */
    readonly rules: readonly AuthorizationRuleSpec[];
    /** Of CUSTOM. */
    readonly provider?: string;
  }
>;

export type RequestAuthentication = Resource<
  'RequestAuthentication',
  PolicyScope & { readonly jwtRules: readonly JwtRuleSpec[] }
>;

/** Whose tokens are taken, where they stand, and what becomes of them. */
export interface JwtRuleSpec {
  /** Empty: whoever has the key. */
  readonly issuer: string;
  /** None: any. */
  readonly audiences: readonly string[];
  readonly jwks?: string;
  readonly jwksUri?: string;
  /** Milliseconds, for the keys to be had. */
  readonly timeout?: number;
  /** None of the three: the usual places of a token. */
  readonly fromHeaders: readonly { readonly name: string; readonly prefix?: string }[];
  readonly fromParams: readonly string[];
  readonly fromCookies: readonly string[];
  readonly outputPayloadToHeader?: string;
  readonly outputClaimToHeaders: readonly { readonly header: string; readonly claim: string }[];
  readonly forwardOriginalToken: boolean;
  readonly spaceDelimitedClaims: readonly string[];
}
