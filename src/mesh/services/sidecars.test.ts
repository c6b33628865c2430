import { describe, expect, test } from 'vitest';
import type { Sidecar } from '../../resources/kinds.ts';
import { meshConfig, serviceEntry, sidecar, testMesh } from '../mesh-fixture.ts';
import { meshKey } from '../settings.ts';
import { scopeOfSidecar, sidecarFor } from './sidecars.ts';

const to = (...hosts: readonly string[]): Pick<Sidecar['spec'], 'egress'> => ({ egress: [{ hosts, unread: [] }] });
const selecting = (app: string) => ({ workloadSelector: { labels: { app } } });

/** The names of what is in force for a workload of namespace `shop` with the label `app: web`, or of another. */
function chosen(
  objects: readonly Sidecar[],
  namespace = 'shop',
  labels: Readonly<Record<string, string>> = { app: 'web' },
) {
  const mesh = testMesh();
  mesh.set(...objects);
  const settings = mesh.mesh.settings.get(meshKey);
  return settings && sidecarFor(mesh.mesh.sidecars, settings, { namespace, labels })?.key;
}

describe('the Sidecar in force for a workload', () => {
  test('is one that selects it, else one for its namespace, else one of a root namespace, else none', () => {
    const all = [
      sidecar('isthmus-system/root'),
      sidecar('shop/default'),
      sidecar('shop/web', selecting('web')),
      sidecar('shop/jobs', selecting('jobs')),
      sidecar('pay/default'),
    ];
    expect(chosen(all)).toBe('Sidecar/shop/web');
    expect(chosen(all, 'shop', { app: 'other' })).toBe('Sidecar/shop/default');
    expect(chosen(all, 'far')).toBe('Sidecar/isthmus-system/root');
    expect(chosen(all.slice(1), 'far')).toBeUndefined();
  });

  test("may stand in Istio's root namespace, and there is for that namespace alone where it selects workloads", () => {
    expect(chosen([sidecar('istio-system/root')])).toBe('Sidecar/istio-system/root');
    const selected = [sidecar('istio-system/root', selecting('web'))];
    expect(chosen(selected)).toBeUndefined();
    expect(chosen(selected, 'istio-system')).toBe('Sidecar/istio-system/root');
  });

  test('is the oldest of several of a kind, and whoever wrote another for all of the namespace is told so', () => {
    const mesh = testMesh();
    const all = [
      sidecar('shop/a', {}, { created: 2 }),
      sidecar('shop/b', {}, { created: 1 }),
      sidecar('shop/c', selecting('web'), { created: 4 }),
      sidecar('shop/d', selecting('web'), { created: 3 }),
    ];
    expect(chosen(all)).toBe('Sidecar/shop/d');
    expect(chosen(all.slice(0, 2))).toBe('Sidecar/shop/b');
    mesh.set(...all);
    expect(mesh.findings()).toEqual(['ISTH1343 Sidecar/a spec.workloadSelector']);
  });
});

describe('a scope', () => {
  const scopeOf = (spec: Partial<Sidecar['spec']>, namespace: string) => {
    const mesh = testMesh();
    mesh.set(sidecar('shop/default', spec));
    const rule = mesh.mesh.sidecars.rules.get('Sidecar/shop/default');
    return rule && scopeOfSidecar(rule, namespace).key;
  };

  test('has for `.` the namespace of the workload, nothing for `~`, and everything where no listener is written', () => {
    expect(scopeOf(to('./*', '*/a.mesh', '~/*', 'pay/B.Mesh'), 'shop')).toBe('*/a.mesh pay/b.mesh shop/*');
    expect(scopeOf(to('./*'), 'far')).toBe('far/*');
    expect(scopeOf(to('~/*'), 'shop')).toBe('');
    expect(scopeOf({}, 'shop')).toBe('*/*');
  });
});

describe('findings', () => {
  test('name each part that is not heeded by its path', () => {
    const mesh = testMesh();
    const listener = { port: 9080, hosts: ['./*'], unread: ['bind', 'captureMode'] };
    const all = { egress: [{ hosts: ['./*'], unread: [] }, listener], unread: ['ingress', 'outboundTrafficPolicy'] };
    mesh.set(sidecar('shop/default', all));
    expect(mesh.findings()).toEqual([
      'ISTH0514 Sidecar/default spec.egress[1].bind',
      'ISTH0514 Sidecar/default spec.egress[1].captureMode',
      'ISTH0514 Sidecar/default spec.egress[1].port',
      'ISTH0514 Sidecar/default spec.ingress',
      'ISTH0514 Sidecar/default spec.outboundTrafficPolicy',
    ]);
  });

  test('say which host is not there, as long as it is not', () => {
    const mesh = testMesh();
    const hosts = ['pay/a.example', './a.example', '*/a.example', '*/b.example', '~/c', 'pay/*', 'shop/*.example'];
    mesh.set(sidecar('shop/default', to(...hosts)), serviceEntry('far/a', {}));
    // What `.` is, is said by the workload: another namespace may have it.
    const missing = (at: number) => `ISTH0503 Sidecar/default spec.egress[0].hosts[${at}]`;
    const own = () => mesh.findings().filter((one) => one.includes('Sidecar'));
    expect(own()).toEqual([missing(0), missing(3)]);
    mesh.set(serviceEntry('pay/a', {}), serviceEntry('pay/b', {}));
    expect(own()).toEqual([]);
  });
});

test('root namespaces are those of the settings', () => {
  const mesh = testMesh();
  mesh.set(sidecar('roots/default'), meshConfig('isthmus-system/mesh', { rootNamespace: 'roots' }));
  const settings = mesh.mesh.settings.get(meshKey);
  const found = settings && sidecarFor(mesh.mesh.sidecars, settings, { namespace: 'far', labels: {} });
  expect(found?.key).toBe('Sidecar/roots/default');
});
