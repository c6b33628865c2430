/** What SDS gives a proxy: its own certificate with the key, and the roots of the mesh. Never shown, never logged. */

import { type envoy, pack } from '../../xds-api/messages.ts';
import { encodeResource } from '../encoded-resource.ts';
import { callerScope, type ScopedResource } from '../scope.ts';
import { certificateSecret, rootsSecret } from './tls-contexts.ts';

export interface WorkloadSecrets {
  /** PEM, the leaf first. */
  readonly chain: readonly string[];
  /** PEM. */
  readonly key: string;
  /** Whose roots speak for which trust domain, PEM: for our own alone, where no other is trusted. */
  readonly trusted: readonly TrustedDomain[];
}

export interface TrustedDomain {
  readonly name: string;
  readonly roots: readonly string[];
}

type ValidationContext = envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;

/** For proxies of this SPIFFE id, and no others. */
export function translateSecrets(
  identity: string,
  { chain, key, trusted }: WorkloadSecrets,
): readonly ScopedResource[] {
  const scope = callerScope('all', identity);
  const secret = 'envoy.extensions.transport_sockets.tls.v3.Secret';
  const certificate = encodeResource(secret, certificateSecret, {
    name: certificateSecret,
    tlsCertificate: { certificateChain: { inlineString: joined(chain) }, privateKey: { inlineString: key } },
  });
  const roots = encodeResource(secret, rootsSecret, { name: rootsSecret, validationContext: validation(trusted) });
  return [
    { scope, resource: certificate },
    { scope, resource: roots },
  ];
}

/** With several trust domains each root is believed for its own alone: Envoy picks them by the SPIFFE id of the peer. */
function validation(trusted: readonly TrustedDomain[]): ValidationContext {
  const [own, ...others] = trusted;
  if (others.length === 0) return { trustedCa: { inlineString: joined(own?.roots ?? []) } };
  return {
    customValidatorConfig: {
      name: 'envoy.tls.cert_validator.spiffe',
      typedConfig: pack('envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig', {
        trustDomains: trusted.map(({ name, roots }) => ({ name, trustBundle: { inlineString: joined(roots) } })),
      }),
    },
  };
}

function joined(blocks: readonly string[]): string {
  return blocks.map((block) => block.trim()).join('\n');
}
