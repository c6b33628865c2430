import { expect, it } from 'vitest';
import { toJson } from '../../xds-api/proto-json.ts';
import { downstreamTls } from './tls-contexts.ts';

const common = (callers: readonly string[] | 'any' = 'any') =>
  toJson('envoy.config.core.v3.TransportSocket', downstreamTls([], { callers }));

it('opens handshakes to the callers it is told, and to nobody where it is told of none', () => {
  const trusting = (exact: string) => ({
    typedConfig: {
      requireClientCertificate: true,
      commonTlsContext: {
        combinedValidationContext: {
          defaultValidationContext: { matchTypedSubjectAltNames: [{ sanType: 'URI', matcher: { exact } }] },
          validationContextSdsSecretConfig: { name: 'ROOTCA' },
        },
      },
    },
  });
  expect(common(['spiffe://mesh/buyer'])).toMatchObject(trusting('spiffe://mesh/buyer'));
  expect(common([])).toMatchObject(trusting('spiffe:nobody'));
});

it('asks each caller for a certificate of the mesh, whoever may call', () => {
  expect(common()).toMatchObject({
    typedConfig: {
      requireClientCertificate: true,
      commonTlsContext: { validationContextSdsSecretConfig: { name: 'ROOTCA' } },
    },
  });
});

it('has each connection prove anew who calls, since Envoy forgets over resumed sessions that it verified a certificate', () => {
  expect(common()).toMatchObject({
    typedConfig: { disableStatelessSessionResumption: true, disableStatefulSessionResumption: true },
  });
});
