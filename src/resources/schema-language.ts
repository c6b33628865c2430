/**
 * The language that kinds are described in: the part of OpenAPI v3 that Kubernetes calls a structural schema. Our own
 * kinds are described by the YAML in `crds/`; the kinds of others by the literals in `schemas/`. `Infer` reads a literal
 * as a type, so that what is validated and what the compiler believes cannot differ.
 */
export interface CelRule {
  readonly rule: string;
  readonly message: string;
}

export interface Schema {
  readonly type?: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object';
  readonly description?: string;
  readonly nullable?: boolean;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  /** A map: any key, values of one schema. */
  readonly additionalProperties?: Schema;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-validations'?: readonly CelRule[];
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
}

export type Infer<S> = S extends { readonly nullable: true } ? InferValue<S> | null : InferValue<S>;

type InferValue<S> = S extends { readonly 'x-kubernetes-int-or-string': true }
  ? number | string
  : S extends { readonly enum: readonly (infer E)[] }
    ? E
    : S extends { readonly type: 'string' }
      ? string
      : S extends { readonly type: 'integer' | 'number' }
        ? number
        : S extends { readonly type: 'boolean' }
          ? boolean
          : S extends { readonly type: 'array'; readonly items: infer I }
            ? readonly Infer<I>[]
            : InferObject<S>;

type InferObject<S> = S extends { readonly properties: infer P }
  ? InferProperties<P, S extends { readonly required: readonly (infer R)[] } ? R : never>
  : S extends { readonly additionalProperties: infer A }
    ? Readonly<Record<string, Infer<A>>>
    : Readonly<Record<string, unknown>>;

type InferProperties<P, R> = { readonly [K in keyof P as K extends R ? K : never]: Infer<P[K]> } & {
  readonly [K in keyof P as K extends R ? never : K]?: Infer<P[K]>;
};

// The shapes that many kinds share.

export const duration = { type: 'string', maxLength: 64 } as const;
export const portNumber = { type: 'integer', minimum: 1, maximum: 65535 } as const;
export const uint32 = { type: 'integer', minimum: 0, maximum: 4294967295 } as const;
export const labels = {
  type: 'object',
  maxProperties: 256,
  additionalProperties: { type: 'string', maxLength: 1024 },
} as const;
export const exportTo = { type: 'array', maxItems: 256, items: { type: 'string', maxLength: 63 } } as const;
/** Held as written: part of the published API, shaped by somebody else, not looked into here. */
export const anyObject = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } as const;
