/** Secret -> a certificate with its key, or roots. What is wrong with one is said without a word of what is in it. */
import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { readCertificates } from '../../certificates/certificate-text.ts';
import { identityOfCertificate } from '../../certificates/peer-identity.ts';
import type { Identity } from '../../model/identity.ts';
import { decode, type Message } from '../../xds-api/messages.ts';
import { unwrapAny } from '../../xds-api/proto-json.ts';
import type { TrustedRoots } from '../tls/trusted-roots.ts';
import { Rejection, within } from './rejection.ts';

type Secret = Message<'envoy.extensions.transport_sockets.tls.v3.Secret'>;
type DataSource = Message<'envoy.config.core.v3.DataSource'>;
type ValidationContext = Message<'envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext'>;

export type PlannedSecret =
  | { readonly kind: 'certificate'; readonly chain: string; readonly key: string; readonly identity: Identity }
  | { readonly kind: 'roots'; readonly trusted: TrustedRoots };

const SPIFFE = 'envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig';

/** Throws Rejection. */
export function planSecret({ tlsCertificate, validationContext }: Secret): PlannedSecret {
  if (tlsCertificate != null)
    return within('tls_certificate', () =>
      planCertificate(textOf(tlsCertificate.certificateChain), textOf(tlsCertificate.privateKey)),
    );
  if (validationContext == null) throw new Rejection('a secret is a tls_certificate or a validation_context');
  return { kind: 'roots', trusted: within('validation_context', () => planRoots(validationContext)) };
}

function planCertificate(chain: string, key: string): PlannedSecret {
  try {
    createSecureContext({ cert: chain, key });
  } catch {
    throw new Rejection('certificate and key cannot be read, or do not belong together');
  }
  const reading = identityOfCertificate(new X509Certificate(chain).raw);
  if (reading.kind === 'refused') throw new Rejection(`it is the certificate of no workload: ${reading.reason}`);
  return { kind: 'certificate', chain, key, identity: reading.identity };
}

function planRoots(context: ValidationContext): TrustedRoots {
  const custom = context.customValidatorConfig?.typedConfig;
  if (custom == null) return { kind: 'own', roots: rootsIn(context.trustedCa) };
  const any = unwrapAny(custom);
  if (!(any.type_url ?? '').endsWith(`/${SPIFFE}`)) throw new Rejection('custom_validator_config: not supported');
  const { trustDomains } = decode(SPIFFE, any.value ?? new Uint8Array());
  const domains = (trustDomains ?? []).map(({ name, trustBundle }) => [name ?? '', rootsIn(trustBundle)] as const);
  return { kind: 'by-domain', roots: new Map(domains) };
}

function rootsIn(source: DataSource | null | undefined): readonly string[] {
  try {
    return readCertificates(textOf(source), 'the bundle');
  } catch {
    throw new Rejection('the roots are no certificates in PEM');
  }
}

function textOf(source: DataSource | null | undefined): string {
  if (source?.inlineString) return source.inlineString;
  if (source?.inlineBytes != null && source.inlineBytes.length > 0)
    return Buffer.from(source.inlineBytes).toString('utf8');
  throw new Rejection('its content has to stand in the secret itself');
}
