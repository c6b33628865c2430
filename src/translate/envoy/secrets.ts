/** What SDS gives a proxy: its own certificate with the key, and the roots of the mesh. Never shown, never logged. */

import { type envoy, pack } from '../../xds-api/messages.ts';
import { encodeResource } from '../encoded-resource.ts';
import { callerScope, type ScopedResource } from '../scope.ts';
import { certificateSecret, type OtherDomains, rootsSecretOf } from './tls-contexts.ts';

export interface WorkloadSecrets {
  /** PEM, the leaf first. */
  readonly chain: readonly string[];
  /** PEM. */
  readonly key: string;
  /** PEM, of our own trust domain. */
  readonly own: TrustedDomain;
  /** The others that are trusted now. */
  readonly others: readonly TrustedDomain[];
  /** Of which of them there have to be roots beside our own, trusted now or not: one secret for each. */
  readonly beside: readonly OtherDomains[];
}

export interface TrustedDomain {
  readonly name: string;
  readonly roots: readonly string[];
}

type ValidationContext = envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;

/** For proxies of this SPIFFE id, and no others. */
export function translateSecrets(
  identity: string,
  { chain, key, own, others, beside }: WorkloadSecrets,
): readonly ScopedResource[] {
  const scope = callerScope('all', identity);
  const secret = 'envoy.extensions.transport_sockets.tls.v3.Secret';
  const certificate = encodeResource(secret, certificateSecret, {
    name: certificateSecret,
    tlsCertificate: { certificateChain: { inlineString: joined(chain) }, privateKey: { inlineString: key } },
  });
  const roots = [[], ...beside].map((domains) => {
    const name = rootsSecretOf(domains);
    const among = others.filter((other) => domains === 'any' || domains.includes(other.name));
    return encodeResource(secret, name, { name, validationContext: validation(own, among) });
  });
  return [certificate, ...roots].map((resource) => ({ scope, resource }));
}

/**
 * With several trust domains each root is believed for its own alone. Envoy picks them by the first SPIFFE id of the peer, and
 * looks at no other: see federated-callers.ts.
 */
function validation(own: TrustedDomain, others: readonly TrustedDomain[]): ValidationContext {
  if (others.length === 0) return { trustedCa: { inlineString: joined(own.roots) } };
  return {
    customValidatorConfig: {
      name: 'envoy.tls.cert_validator.spiffe',
      typedConfig: pack('envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig', {
        trustDomains: [own, ...others].map(({ name, roots }) => ({
          name,
          trustBundle: { inlineString: joined(roots) },
        })),
      }),
    },
  };
}

function joined(blocks: readonly string[]): string {
  return blocks.map((block) => block.trim()).join('\n');
}
