import { expect, test } from 'vitest';
import { HostScope } from './host-scope.ts';

test.each([
  ['shop/a.mesh', ['shop/a.mesh']],
  ['shop/*', ['shop/a.mesh', 'shop/b.a.mesh', 'shop/*.a.mesh']],
  ['*/a.mesh', ['shop/a.mesh', 'pay/a.mesh']],
  ['shop/*.a.mesh', ['shop/b.a.mesh', 'shop/*.a.mesh']],
  ['*/*.a.mesh', ['shop/b.a.mesh', 'pay/b.a.mesh', 'shop/*.a.mesh']],
  ['*/*', ['shop/a.mesh', 'pay/a.mesh', 'shop/b.a.mesh', 'pay/b.a.mesh', 'shop/*.a.mesh']],
  ['pay/b', []],
])('%s names these services and no others', (written, named) => {
  const [namespace = '', host = ''] = written.split('/');
  const scope = new HostScope([{ namespace, host }]);
  const all = ['shop/a.mesh', 'pay/a.mesh', 'shop/b.a.mesh', 'pay/b.a.mesh', 'shop/*.a.mesh'] as const;
  expect(all.filter((service) => scope.has(service))).toEqual(named);
});

test('scopes of the same patterns have one key, in whatever order and however often they are written', () => {
  const [a, b] = [
    { namespace: 'shop', host: '*' },
    { namespace: '*', host: 'a.mesh' },
  ];
  expect(new HostScope([a, b, a]).key).toBe(new HostScope([b, a]).key);
  expect(new HostScope([a]).key).not.toBe(new HostScope([b]).key);
  expect(new HostScope([]).has('shop/a.mesh')).toBe(false);
});

test('a service is looked for among a hundred thousand patterns as among few', () => {
  const patterns = Array.from({ length: 100_000 }, (_, at) => ({ namespace: 'shop', host: `*.${at}.mesh` }));
  const few = new HostScope(patterns.slice(-1));
  const many = new HostScope(patterns);
  const timed = (scope: HostScope): number => {
    const start = performance.now();
    for (let at = 0; at < 5_000; at++) expect(scope.has(`shop/orders-${at}.pay.svc.cluster.local`)).toBe(false);
    return performance.now() - start;
  };
  timed(few);
  expect(timed(many)).toBeLessThan(20 * timed(few) + 100);
  expect(many.has('shop/a.99999.mesh')).toBe(true);
  expect(many.has('pay/a.99999.mesh')).toBe(false);
});
