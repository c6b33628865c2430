/**
 * A transport socket -> with whose certificate, and with whom, TLS is spoken. Only mutual TLS between workloads: a peer that
 * shows no certificate, or one of nobody in particular, is what no configuration of this proxy can ask for.
 */
import { type Any, decode, enumValue, type Message, messageName } from '../../xds-api/messages.ts';
import { unwrapAny } from '../../xds-api/proto-json.ts';
import { rejectForeignSource } from './config-source.ts';
import { Rejection, within } from './rejection.ts';

type TransportSocket = Message<'envoy.config.core.v3.TransportSocket'>;
type CommonTlsContext = Message<'envoy.extensions.transport_sockets.tls.v3.CommonTlsContext'>;
type ValidationContext = Message<'envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext'>;
type SdsSecretConfig = Message<'envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig'>;

/** A secret by its name. `isAsked`: of the control plane; else the bootstrap file has it. */
export interface SecretReference {
  readonly name: string;
  readonly isAsked: boolean;
}

export interface TlsPlan {
  readonly certificate: SecretReference;
  readonly roots: SecretReference;
  /** SPIFFE ids of peers, exactly; any: whoever has a certificate of a trust domain that is trusted. */
  readonly peers: ReadonlySet<string> | 'any';
  /** What may be spoken inside; empty: nothing is said about it. */
  readonly alpn: readonly string[];
  /** Of what is called; empty where this proxy is called. */
  readonly serverName: string;
  /** Equal for plans that say the same. */
  readonly key: string;
}

const RAW = 'envoy.transport_sockets.raw_buffer';
const URI = enumValue('envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher.SanType', 'URI');

/** Undefined for plaintext. Peers are those that are named: where none is, nobody. Throws Rejection. */
export function planUpstreamTls(socket: TransportSocket | null | undefined): TlsPlan | undefined {
  const name = 'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext';
  const any = tlsContextOf(socket, name);
  if (any === undefined) return undefined;
  const { commonTlsContext, sni } = decode(name, any.value ?? new Uint8Array());
  return planTls(commonTlsContext, sni ?? '', new Set());
}

/** Undefined for plaintext. Throws Rejection. */
export function planDownstreamTls(socket: TransportSocket | null | undefined): TlsPlan | undefined {
  const name = 'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext';
  const any = tlsContextOf(socket, name);
  if (any === undefined) return undefined;
  const { commonTlsContext, requireClientCertificate } = decode(name, any.value ?? new Uint8Array());
  if (requireClientCertificate?.value !== true)
    throw new Rejection(
      'require_client_certificate has to be true: this proxy lets nobody in who shows no certificate',
    );
  return planTls(commonTlsContext, '', 'any');
}

/** The names of those that are asked for. */
export function secretsOf({ certificate, roots }: TlsPlan): readonly string[] {
  return [certificate, roots].flatMap(({ name, isAsked }) => (isAsked ? [name] : []));
}

function tlsContextOf(socket: TransportSocket | null | undefined, wanted: string): Any | undefined {
  if (socket == null || socket.name === RAW) return undefined;
  const any = socket.typedConfig == null ? undefined : unwrapAny(socket.typedConfig);
  if (any === undefined || messageName(any.type_url ?? '') !== wanted)
    throw new Rejection(`transport socket ${socket.name} is not supported by this proxy: ${wanted} is`);
  return any;
}

function planTls(common: CommonTlsContext | null | undefined, serverName: string, peers: TlsPlan['peers']): TlsPlan {
  return within('common_tls_context', () => {
    const { certificates, roots, context } = secretConfigs(common ?? {});
    const named = (context?.matchTypedSubjectAltNames ?? []).map(peerOf);
    const wanted = named.length === 0 ? peers : new Set(named);
    const plan = {
      certificate: reference('tls_certificate_sds_secret_configs', certificates),
      roots: reference('validation_context_sds_secret_config', roots),
      peers: wanted,
      alpn: common?.alpnProtocols ?? [],
      serverName,
    };
    return { ...plan, key: JSON.stringify([plan, wanted === 'any' ? wanted : [...wanted].sort()]) };
  });
}

function secretConfigs(common: CommonTlsContext) {
  const inline = (common.tlsCertificates ?? []).length > 0 || common.validationContext != null;
  if (inline) throw new Rejection('certificates and roots are taken by SDS only');
  const combined = common.combinedValidationContext;
  const context = combined?.defaultValidationContext;
  if (context != null) rejectOtherChecks(context);
  const [certificates, ...others] = common.tlsCertificateSdsSecretConfigs ?? [];
  if (others.length > 0) throw new Rejection('one certificate is supported, not several');
  const roots = combined?.validationContextSdsSecretConfig ?? common.validationContextSdsSecretConfig;
  return { certificates, roots, context };
}

/** What would narrow whom is trusted, and is not looked at here. */
function rejectOtherChecks(context: ValidationContext): void {
  const unsupported = [
    (context.verifyCertificateSpki ?? []).length > 0 && 'verify_certificate_spki',
    (context.verifyCertificateHash ?? []).length > 0 && 'verify_certificate_hash',
    context.crl != null && 'crl',
    context.trustedCa != null && 'trusted_ca',
  ].filter((field) => field !== false);
  if (unsupported.length > 0)
    throw new Rejection(`default_validation_context.${unsupported.join(', ')}: not supported`);
}

type Matcher = NonNullable<ValidationContext['matchTypedSubjectAltNames']>[number];

function peerOf({ sanType, matcher }: Matcher): string {
  if (sanType !== URI || !matcher?.exact || matcher.ignoreCase === true)
    throw new Rejection('match_typed_subject_alt_names: peers are named by exact URIs');
  return matcher.exact;
}

function reference(field: string, config: SdsSecretConfig | null | undefined): SecretReference {
  if (!config?.name) throw new Rejection(`${field} is needed`);
  rejectForeignSource(field, config.sdsConfig);
  return { name: config.name, isAsked: config.sdsConfig != null };
}
