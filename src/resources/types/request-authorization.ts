/** Who may send which requests of a private protocol: our own kind and Dubbo's, in one form. */
import type { Resource } from './resource.ts';

/** `*` before or after a value, or alone, stands for any text. At least one value in each list that is there. */
export interface CallerSpec {
  readonly principals?: readonly string[];
  readonly notPrincipals?: readonly string[];
  readonly namespaces?: readonly string[];
  readonly notNamespaces?: readonly string[];
}

/** By the property's name; the values are as above. */
export interface RequestSpec {
  readonly properties?: Readonly<Record<string, readonly string[]>>;
  readonly notProperties?: Readonly<Record<string, readonly string[]>>;
}

export interface RequestRuleSpec {
  /** Empty for everybody. */
  readonly from: readonly CallerSpec[];
  /** Empty for everything. */
  readonly to: readonly RequestSpec[];
}

export interface RequestAuthorizationSpec {
  readonly action: 'ALLOW' | 'DENY';
  /** Absent: all of its namespace. */
  readonly serviceAccounts?: readonly string[];
  /** Names of application protocols or of codecs; absent: all. */
  readonly protocols?: readonly string[];
  /** Unreadable: nobody can tell what it is to keep out, so that it keeps everything out. */
  readonly rules: readonly RequestRuleSpec[] | 'unreadable';
}

export type RequestAuthorizationPolicy = Resource<'RequestAuthorizationPolicy', RequestAuthorizationSpec>;
export type DubboAuthorizationPolicy = Resource<'DubboAuthorizationPolicy', RequestAuthorizationSpec>;
