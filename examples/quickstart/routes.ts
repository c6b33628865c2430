/** The MetaRouters that the phases write, as text, because that is what a user writes. */

export interface Target {
  /** Name of the MetaRouter. */
  readonly name: string;
  readonly host: string;
  /** A property of the protocol, and the value that marks a request as one for version 2. */
  readonly property: string;
  readonly value: string;
}

export function router(target: Target, spec: string): string {
  return `apiVersion: metaprotocol.aeraki.io/v1alpha1
kind: MetaRouter
metadata:
  name: ${target.name}
  namespace: shop
spec:
  hosts: [${target.host}]
${spec}`;
}

export function allTo(target: Target, subset: string): string {
  return router(
    target,
    `  routes:
    - name: all-to-${subset}
      route:
        - destination: { host: ${target.host}, subset: ${subset} }
`,
  );
}

export function weighted(target: Target, v1: number, v2: number): string {
  return router(
    target,
    `  routes:
    - name: weighted
      route:
        - { destination: { host: ${target.host}, subset: v1 }, weight: ${v1} }
        - { destination: { host: ${target.host}, subset: v2 }, weight: ${v2} }
`,
  );
}

export function matched(target: Target): string {
  return router(
    target,
    `  routes:
    - name: marked-to-v2
      match:
        attributes:
          ${target.property}: { exact: "${target.value}" }
      route:
        - destination: { host: ${target.host}, subset: v2 }
    - name: rest-to-v1
      route:
        - destination: { host: ${target.host}, subset: v1 }
`,
  );
}

export function mirrored(target: Target): string {
  return router(
    target,
    `  routes:
    - name: mirrored
      route:
        - destination: { host: ${target.host}, subset: v1 }
      mirror: { host: ${target.host}, subset: v2 }
      mirrorPercentage: { value: 100 }
`,
  );
}

export function limited(target: Target, perSecond: number): string {
  return router(
    target,
    `  routes:
    - name: limited
      route:
        - destination: { host: ${target.host}, subset: v1 }
  localRateLimit:
    tokenBucket: { maxTokens: ${perSecond}, tokensPerFill: ${perSecond}, fillInterval: 1s }
`,
  );
}
