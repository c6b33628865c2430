import { expect, it } from 'vitest';
import { createResourceReader } from '../../resources/reader.ts';
import { serviceEntry, testMesh } from '../mesh-fixture.ts';

const reader = createResourceReader();

function virtualService(namespace: string, spec: object) {
  const metadata = { name: 'web', namespace };
  const http = [{ route: [{ destination: { host: 'web.mesh' } }] }];
  const object = { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata, spec: { http, ...spec } };
  const { resource, findings } = reader.read(object);
  if (resource === undefined) throw new RangeError(JSON.stringify(findings));
  return resource;
}

const web = serviceEntry('shop/web', { hosts: ['web.mesh'] });

it.each([
  ['an unknown host', 'shop', { hosts: ['web.mesh', 'wbe.mesh'] }, 'ISTH0503'],
  ['an unknown host, by the name of the mesh', 'shop', { hosts: ['wbe.mesh'], gateways: ['mesh'] }, 'ISTH0503'],
  ['a host whose namespace it is not exported to', 'bank', { hosts: ['web.mesh'], exportTo: ['.'] }, 'ISTH0504'],
])('a VirtualService for %s is told', (_, namespace, spec, code) => {
  const { set, findings } = testMesh();
  set(web, virtualService(namespace, spec));
  expect(findings()).toEqual([`${code} VirtualService/web`]);
});

it.each([
  ['a pattern', { hosts: ['*.nowhere'] }],
  ['hosts of a gateway', { hosts: ['shop.example.com'], gateways: ['shop/front'] }],
  ['hosts of the mesh and of a gateway', { hosts: ['web.mesh', 'shop.example.com'], gateways: ['mesh', 'shop/front'] }],
])('a VirtualService for %s may name what no service has', (_, spec) => {
  const { set, findings } = testMesh();
  set(web, virtualService('shop', spec));
  expect(findings()).toEqual([]);
});
