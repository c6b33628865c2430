import { expect, it } from 'vitest';
import type { MeshSettings } from '../../model/mesh-service.ts';
import type { TrafficExclusions } from '../../model/proxy-settings.ts';
import { serviceEntry, testMesh } from '../mesh-fixture.ts';
import { leftAlone } from './left-alone.ts';

const settings: MeshSettings = {
  trustDomain: 'cluster.local',
  clusterDomain: 'cluster.local',
  rootNamespace: 'isthmus-system',
  accessLog: { path: '', encoding: 'TEXT' },
  idleTimeoutMs: 0,
  access: 'Disabled',
};

function leftOf(exclusions: Partial<TrafficExclusions>, addresses: readonly string[] = ['10.0.0.1', '2001:db8::1']) {
  const { mesh, set } = testMesh();
  set(serviceEntry('shop/web', { addresses: [...addresses] }));
  const service = mesh.services.get('shop/web.example');
  if (service === undefined) throw new Error('no service');
  const whole = { outboundRanges: [], outboundOnly: [], outboundPorts: [], inboundPorts: [], ...exclusions };
  return leftAlone(service, ['10.0.0.1', '2001:db8::1'], { ...settings, exclusions: whole }).leftAlone;
}

it('proxies leave addresses in excluded ranges alone, and all outside of included ones', () => {
  expect(leftOf({ outboundRanges: ['10.0.0.0/8'] })).toEqual({ addresses: ['10.0.0.1'], ports: [] });
  expect(leftOf({ outboundOnly: ['10.0.0.0/8'] })).toEqual({ addresses: ['2001:db8::1'], ports: [] });
  expect(leftOf({ outboundPorts: [9000, 1] })).toEqual({ addresses: [], ports: [9000] });
  expect(leftOf({ outboundRanges: ['192.0.2.0/24'], outboundPorts: [1] })).toBeUndefined();
});

it('virtual IPs are not left alone: nothing else answers there', () => {
  expect(leftOf({ outboundRanges: ['0.0.0.0/0', '::/0'], outboundPorts: [9000] }, [])).toBeUndefined();
});
