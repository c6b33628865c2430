import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { addCertificateRoutes, type CertificateViews } from './certificate-routes.ts';

const asked: string[] = [];
const none: CertificateViews = {
  status: () => undefined,
  roots: () => undefined,
  rotate: async () => undefined,
  renew: () => undefined,
};
const some: CertificateViews = {
  ...none,
  roots: () => 'PEM',
  rotate: async (move, force) => {
    asked.push(`${move} ${force}`);
    return { kind: 'unsafe', reason: 'too early' };
  },
  renew: (withinMs, identity) => {
    asked.push(`${withinMs} ${identity}`);
    return 3;
  },
};

function app(views: CertificateViews): Hono {
  const made = new Hono();
  addCertificateRoutes(made, views);
  return made;
}

describe('certificates in the admin API', () => {
  it('takes a step that is named, and forces none unless it is told to', async () => {
    asked.length = 0;
    const path = '/api/v1/certificates/rotation';
    const answer = await app(some).request(`${path}?step=switch`, { method: 'POST' });
    expect(await answer.json()).toEqual({ kind: 'unsafe', reason: 'too early' });
    await app(some).request(`${path}?step=finish&force=true`, { method: 'POST' });
    await app(some).request(`${path}?step=finish&force=yes`, { method: 'POST' });
    expect(asked).toEqual(['switch false', 'finish true', 'finish false']);
    expect((await app(some).request(`${path}?step=leap`, { method: 'POST' })).status).toBe(400);
    expect((await app(some).request(path, { method: 'POST' })).status).toBe(400);
  });

  it('renews within a time, all or those of one workload', async () => {
    asked.length = 0;
    const path = '/api/v1/certificates/renewal';
    const answer = await app(some).request(`${path}?within=60`, { method: 'POST' });
    expect(await answer.json()).toEqual({ renewed: 3 });
    await app(some).request(`${path}?identity=spiffe://a/ns/b/sa/c`, { method: 'POST' });
    expect(asked).toEqual(['60000 undefined', '0 spiffe://a/ns/b/sa/c']);
    expect((await app(some).request(`${path}?within=-1`, { method: 'POST' })).status).toBe(400);
  });

  it('changes nothing for a web page', async () => {
    asked.length = 0;
    for (const path of ['rotation?step=begin', 'renewal']) {
      const headers = { origin: 'https://evil.example' };
      const answer = await app(some).request(`/api/v1/certificates/${path}`, { method: 'POST', headers });
      expect(answer.status).toBe(403);
    }
    expect(asked).toEqual([]);
  });

  it('says so where no workload has to prove who it is', async () => {
    const paths = ['', '/roots'].map((path) => app(none).request(`/api/v1/certificates${path}`));
    const posts = ['rotation?step=begin', 'renewal'].map((path) =>
      app(none).request(`/api/v1/certificates/${path}`, { method: 'POST' }),
    );
    for (const answer of await Promise.all([...paths, ...posts])) {
      expect(answer.status).toBe(404);
      expect(await answer.text()).toMatch(/^There is no certificate authority/);
    }
    expect(await (await app(some).request('/api/v1/certificates/roots')).json()).toEqual({ pem: 'PEM' });
  });
});
