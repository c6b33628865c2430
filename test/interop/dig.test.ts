/** The DNS server as BIND's dig sees it, which warns of whatever it finds wrong in a message. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import { dnsManifests, startDnsControlPlane } from '../e2e/dns-control-plane.ts';
import { peerUnderTest } from './peer-under-test.ts';

const command = peerUnderTest('dig');

/** More endpoints than fit 1232 bytes. */
const crowd = `---
apiVersion: v1
kind: Service
metadata: { name: crowd, namespace: shop }
spec: { clusterIP: None, ports: [{ name: tcp, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: crowd-1, namespace: shop, labels: { kubernetes.io/service-name: crowd } }
addressType: IPv4
ports: [{ name: tcp, port: 80 }]
endpoints: [${Array.from({ length: 150 }, (_, at) => `{ addresses: [10.2.0.${at + 1}] }`).join(', ')}]
`;

describe.skipIf(command === undefined)('dig', () => {
  let port = 0;
  beforeEach(async () => {
    port = (await startDnsControlPlane(dnsManifests + crowd, ['--dns-upstream', '127.0.0.1:1'])).port;
  });

  async function dig(...parameters: readonly string[]): Promise<string> {
    const always = ['@127.0.0.1', '-p', String(port), '+tries=1', '+timeout=5', '+nocookie'];
    const { stdout } = await promisify(execFile)(command ?? '', [...always, ...parameters]);
    expect(stdout).not.toMatch(/malformed|extra bytes|bad packet|mismatch|unexpected|parse/i);
    return stdout;
  }

  it('gets addresses, aliases and what is not there, each in a well-formed message', async () => {
    expect(await dig('+short', 'orders.shop.mesh', 'A')).toMatch(/^240\.241\.\d+\.\d+\n$/);
    expect(await dig('+short', 'orders.shop.mesh', 'AAAA')).toMatch(/^2001:2:1::[0-9a-f:]+\n$/);
    expect(await dig('+noall', '+answer', 'legacy.shop.svc.cluster.local', 'A')).toMatch(
      /^legacy\.shop\.svc\.cluster\.local\. 30\s+IN\s+CNAME\s+orders\.shop\.mesh\.\norders\.shop\.mesh\.\s+30\s+IN\s+A\s+240\.241\.\d+\.\d+\n$/,
    );
    const none = await dig('cart.shop.svc.cluster.local', 'AAAA');
    expect(none).toContain('status: NOERROR');
    expect(none).toContain('flags: qr aa rd ra; QUERY: 1, ANSWER: 0, AUTHORITY: 1, ADDITIONAL: 1');
    expect(none).toMatch(
      /cluster\.local\.\s+5\s+IN\s+SOA\s+ns\.cluster\.local\. hostmaster\.cluster\.local\. 1 7200 1800 86400 5/,
    );
    expect(await dig('nobody.shop.svc.cluster.local')).toContain('status: NXDOMAIN');
    expect(await dig('www.example.com')).toContain('status: SERVFAIL');
  });

  it('turns to TCP for an answer that is too large for UDP, and takes it in parts when told not to', async () => {
    const whole = await dig('crowd.shop.svc.cluster.local');
    expect(whole).toContain('Truncated, retrying in TCP mode');
    expect(whole).toContain('ANSWER: 150');
    const part = await dig('+ignore', '+bufsize=4096', 'crowd.shop.svc.cluster.local');
    expect(part).toContain('flags: qr aa tc rd ra');
    expect(Number(/MSG SIZE {2}rcvd: (\d+)/.exec(part)?.[1])).toBeLessThanOrEqual(1232);
    const small = await dig('+ignore', '+noedns', 'crowd.shop.svc.cluster.local');
    expect(Number(/MSG SIZE {2}rcvd: (\d+)/.exec(small)?.[1])).toBeLessThanOrEqual(512);
  });

  it('asks several questions on one connection', async () => {
    const answers = await dig(
      '+tcp',
      '+keepopen',
      '+short',
      'cart.shop',
      'A',
      'orders.shop.mesh',
      'A',
      'cart.shop',
      'A',
    );
    expect(answers).toMatch(/^10\.96\.0\.7\n240\.241\.\d+\.\d+\n10\.96\.0\.7\n$/);
  });

  it('is told what is not served', async () => {
    expect(await dig('+edns=1', '+noednsneg', 'orders.shop.mesh')).toContain('status: BADVERS');
    expect(await dig('-c', 'CH', 'version.bind', 'TXT')).toContain('status: REFUSED');
    expect(await dig('+norecurse', 'www.example.com')).toContain('status: REFUSED');
    expect(await dig('+opcode=NOTIFY', 'orders.shop.mesh')).toContain('status: NOTIMP');
    expect(await dig('+noall', '+answer', 'orders.shop.mesh', 'ANY')).toMatch(/HINFO\s+"RFC8482" ""/);
    expect(await dig('oRdErS.Shop.Mesh')).toMatch(/^oRdErS\.Shop\.Mesh\.\s+30\s+IN\s+A/m);
  });
});
