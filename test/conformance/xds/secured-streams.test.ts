/** The protocol's faults where everybody has a certificate: over TLS there are buffers, handshakes and renewals besides. */
import { once } from 'node:events';
import { connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { identityOfCertificate } from '../../../src/certificates/peer-identity.ts';
import { clusterType, endpointType } from '../../../src/delivery/xds/resources/resource-types.ts';
import type { ServerCredentials, ServerTls } from '../../../src/delivery/xds/transport/server-tls.ts';
import { type Identity, spiffeId } from '../../../src/model/identity.ts';
import { CertificateAuthority } from '../../../src/security/certificate-authority.ts';
import { cart, MemorySecret, requestFor } from '../../../src/security/security-fixture.ts';
import { node, patience, type Rig, resource, said, startRig } from './rig.ts';

const control: Identity = { ...cart, namespace: 'isthmus-system', serviceAccount: 'isthmus' };

describe('a stream over TLS', () => {
  let authority: CertificateAuthority;
  let proxy: ServerCredentials;
  let server: ServerCredentials;
  let renewed: () => void;
  let rig: Rig;

  const issue = async (identity: Identity): Promise<ServerCredentials> => {
    const request = await requestFor(identity);
    const { chain, roots } = await authority.issue(request);
    return { chain: chain.join(''), key: request.key.reveal(), roots: roots.join('') };
  };

  const tls: ServerTls = {
    credentials: () => server,
    onRenewed: (listener) => {
      renewed = listener;
      return () => {};
    },
    identityOf: (certificate) => {
      const reading = identityOfCertificate(certificate.raw);
      return reading.kind === 'refused' ? undefined : spiffeId(reading.identity);
    },
    openPaths: new Map(),
  };

  const start = async (limits = {}): Promise<void> => {
    rig = await startRig({ limits }, tls);
  };

  beforeEach(async () => {
    authority = await CertificateAuthority.open({ trustDomain: cart.trustDomain, file: new MemorySecret() });
    [server, proxy] = [await issue(control), await issue(cart)];
    await start();
  });

  afterEach(() => rig.close());

  test.each(['delta', 'sotw'] as const)(
    'of %s that is not read holds up nobody, and has the newest state for who reads again, after a renewal of certificates too',
    async (dialect) => {
      const slow = rig.connect(dialect, { reading: false, credentials: proxy });
      const quick = rig.connect(dialect, { credentials: proxy });
      const big = 'x'.repeat(2_000_000);
      rig.change(clusterType, { a: `0${big}`, gone: 'right' });
      for (const client of [slow, quick]) client.send({ node: node(), typeUrl: clusterType });
      await expect.poll(() => rig.observed.pushed, patience).toBe(2);
      for (let round = 1; round <= 10; round++) {
        quick.acknowledge(await quick.next());
        rig.change(clusterType, { a: `${round}${big}`, ...(round === 5 ? { gone: undefined } : {}) });
        if (round === 6) {
          server = await issue(control);
          renewed();
        }
      }
      expect((await quick.next()).resources[0]?.body.slice(0, 4)).toBe('a=10');
      slow.read();
      const told = new Set<string>();
      const has = new Set<string>();
      while (!has.has('a=10') || has.has('gone')) {
        const response = await slow.next();
        slow.acknowledge(response);
        const bodies = response.resources.map(({ body }) => body.slice(0, 4));
        for (const body of bodies) told.add(body);
        if (dialect === 'sotw') has.clear();
        for (const name of response.removed) has.delete(name);
        for (const body of bodies) has.add(body);
      }
      // Of all that was in force meanwhile it is told nothing.
      expect([...told].toSorted()).toEqual(['a=0x', 'a=10', 'gone']);
    },
  );

  test('that comes back with the versions of another life receives what differs alone, and what is gone by name', async () => {
    rig.change(clusterType, { kept: '1', changed: '1', gone: '1' });
    const before = rig.connect('delta', { credentials: proxy });
    before.send({ node: node(), typeUrl: clusterType });
    const all = await before.next();
    const versions = Object.fromEntries(all.resources.map(({ name, version }) => [name, version]));
    expect(Object.keys(versions).toSorted()).toEqual(['changed', 'gone', 'kept']);
    await rig.close();
    [server, proxy] = [await issue(control), await issue(cart)];
    await start();
    rig.change(clusterType, { kept: '1', changed: '2', fresh: '1' });
    rig.change(endpointType, { a: '1' });
    const client = rig.connect('delta', { credentials: proxy });
    client.send({ node: node(), typeUrl: clusterType, initialResourceVersions: versions });
    const response = await client.next();
    expect([said(response).resources.toSorted(), response.removed]).toEqual([['changed=2', 'fresh=1'], ['gone']]);
    client.acknowledge(response);
    const { version } = resource(endpointType, 'a', '1');
    const asked = { typeUrl: endpointType, resourceNamesSubscribe: ['a', 'lost'] };
    client.send({ ...asked, initialResourceVersions: { a: version, lost: 'x' } });
    const endpoints = await client.next();
    expect([said(endpoints).resources, endpoints.removed]).toEqual([[], ['lost']]);
    client.acknowledge(endpoints);
    await rig.silence(client);
  });

  test('whose other side answers nothing any more is ended, and nobody waits for it', async () => {
    await rig.close();
    await start({ pingEveryMs: 20, pingTimeoutMs: 20 });
    const [host = '', port] = rig.target.split(':');
    const { chain: cert, key, roots: ca } = proxy;
    const checkServerIdentity = () => undefined;
    const options = { host, port: Number(port), cert, key, ca, checkServerIdentity, ALPNProtocols: ['h2'] };
    const stopped = connect(options)
      .resume()
      .on('error', () => {});
    await once(stopped, 'secureConnect');
    const emptySettings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    stopped.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), emptySettings]));
    await new Promise((resolve) => stopped.once('close', resolve));
  });
});
