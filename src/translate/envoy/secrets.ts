/** What SDS gives a proxy: its own certificate with the key, and the roots of the mesh. Never shown, never logged. */

import { encodeResource } from '../encoded-resource.ts';
import { callerScope, type ScopedResource } from '../scope.ts';
import { certificateSecret, rootsSecret } from './tls-contexts.ts';

export interface WorkloadSecrets {
  /** PEM, the leaf first. */
  readonly chain: readonly string[];
  /** PEM. */
  readonly key: string;
  /** PEM. */
  readonly roots: readonly string[];
}

/** For proxies of this SPIFFE id, and no others. */
export function translateSecrets(identity: string, { chain, key, roots }: WorkloadSecrets): readonly ScopedResource[] {
  const scope = callerScope('all', identity);
  const secret = 'envoy.extensions.transport_sockets.tls.v3.Secret';
  const certificate = encodeResource(secret, certificateSecret, {
    name: certificateSecret,
    tlsCertificate: { certificateChain: { inlineString: joined(chain) }, privateKey: { inlineString: key } },
  });
  const trusted = encodeResource(secret, rootsSecret, {
    name: rootsSecret,
    validationContext: { trustedCa: { inlineString: joined(roots) } },
  });
  return [
    { scope, resource: certificate },
    { scope, resource: trusted },
  ];
}

function joined(blocks: readonly string[]): string {
  return blocks.map((block) => block.trim()).join('\n');
}
