import { once } from 'node:events';
import { createServer } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import { spiffeId } from '../../model/identity.ts';
import { CertificateAuthority } from '../../security/certificate-authority.ts';
import { cart, MemorySecret, requestFor } from '../../security/security-fixture.ts';
import type { TlsPlan } from '../config/tls-plan.ts';
import { dialSecured } from './dialling.ts';
import { Secrets } from './secrets.ts';

const reference = (name: string) => ({ name, isAsked: true });

/** Dials a server of cart's that listens on ::1 alone, at 127.0.0.1 first; resolves with what happens to the connection. */
async function dialled(peers: readonly string[]): Promise<string> {
  const authority = await CertificateAuthority.open({ trustDomain: cart.trustDomain, file: new MemorySecret() });
  const { key, ...request } = await requestFor(cart);
  const chain = (await authority.issue(request)).chain.join('');
  const server = createServer({ cert: chain, key: key.reveal(), ca: [...authority.roots()], requestCert: true });
  server.on('tlsClientError', () => {});
  server.listen(0, '::1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  const secrets = new Secrets();
  secrets.set('own', { kind: 'certificate', chain, key: key.reveal(), identity: cart });
  secrets.set('roots', { kind: 'roots', trusted: { kind: 'own', roots: authority.roots() } });
  const plan: TlsPlan = {
    ...{ certificate: reference('own'), roots: reference('roots'), peers: new Set(peers) },
    ...{ alpn: [], serverName: 'cart', key: '' },
  };
  const { socket, ready } = dialSecured(secrets, plan, { host: '127.0.0.1', port: address.port, others: ['::1'] }, {});
  onTestFinished(() => void socket.destroy());
  // Waiting for an event fails with what goes wrong before it.
  return once(socket, ready).then(() => `reached ${socket.remoteAddress}`, String);
}

it('reaches an endpoint at the address that answers, and asks there who it is', async () => {
  expect(await dialled([spiffeId(cart)])).toBe('reached ::1');
  expect(await dialled([spiffeId({ ...cart, serviceAccount: 'other' })])).toContain('not who is expected');
  expect(await dialled([])).toContain('not who is expected');
});
