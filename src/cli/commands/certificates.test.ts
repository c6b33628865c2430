import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { CertificateStatus } from '../../model/certificate-status.ts';
import { certificatesCommand } from './certificates.ts';

/** With 0 or 1 of one connected proxy that trusts the new root. */
const introduced = (trusting: number): CertificateStatus => ({
  trustDomain: 'corp',
  issuer: 'built in',
  rotation: {
    phase: 'introduced',
    steps: [{ step: 'switch', ...(trusting === 1 ? {} : { unsafe: '1 proxy does not trust the new root yet' }) }],
  },
  roots: [],
  proxies: { connected: 1, trusting, waiting: trusting === 1 ? [] : ['web-1'] },
  leaves: { count: 0, failing: 0 },
});

/** What the command prints where a control plane answers so. */
async function printed(answer: (request: IncomingMessage) => unknown, ...words: readonly string[]): Promise<string> {
  const server = createServer((request, response) => response.end(JSON.stringify(answer(request))));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  let text = '';
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  const address = server.address();
  const admin = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  try {
    await certificatesCommand(() => undefined).parseAsync([...words, '--admin', admin], { from: 'user' });
  } finally {
    out.mockRestore();
  }
  return text;
}

it('a step that is waited for says how it stands when the waiting is over, and nothing of before', async () => {
  let asked = 0;
  const answer = ({ method }: IncomingMessage) => {
    if (method === 'POST') return { kind: 'done', status: introduced(0) };
    asked += 1;
    return introduced(asked > 2 ? 1 : 0);
  };
  expect(await printed(answer, 'rotate', 'begin', '--wait')).toBe(
    [
      'Done: begin.',
      'A new root is trusted, and the old one signs',
      'Steps:',
      '  switch: safe',
      'Proxies: 1 of 1 that are connected have acknowledged the roots of now.',
      '',
    ].join('\n'),
  );
});

it('certificates are renewed of a workload by its namespace and service account, in the trust domain of the mesh', async () => {
  const asked: (string | null)[] = [];
  const answer = ({ method, url = '' }: IncomingMessage) => {
    if (method !== 'POST') return introduced(1);
    asked.push(new URL(url, 'http://any').searchParams.get('identity'));
    return { renewed: 1 };
  };
  expect(await printed(answer, 'renew', 'shop/web')).toBe('1 certificate is renewed.\n');
  await printed(answer, 'renew', 'spiffe://corp/ns/shop/sa/api');
  expect(asked).toEqual(['spiffe://corp/ns/shop/sa/web', 'spiffe://corp/ns/shop/sa/api']);
});
