import { describe, expect, it } from 'vitest';
import { decode } from '../../xds-api/messages.ts';
import type { HostName, NamedService } from './host-names.ts';
import { translateNameEntry, translateNameTable } from './name-tables.ts';

const shared = { kind: 'public' } as const;
const addresses = (...ipv4: readonly string[]): NamedService['is'] => ({ kind: 'addresses', ipv4, ipv6: [] });

function tableOf(namespace: string, ...names: readonly HostName[]) {
  const entries = names.flatMap(
    (name) => translateNameEntry(name, 'cluster.local', (host) => names.find((one) => one.host === host)) ?? [],
  );
  const { body } = translateNameTable(namespace, entries);
  return decode('istio.networking.nds.v1.NameTable', body).table ?? {};
}

describe('a name table', () => {
  it('says of a host of Kubernetes its short name, and of any other that it is of elsewhere', () => {
    const is: NamedService['is'] = { kind: 'addresses', ipv4: ['10.96.0.1'], ipv6: ['fd00::1'] };
    const names = [
      { host: 'web.shop.svc.cluster.local', services: [{ namespace: 'shop', visibility: shared, is }] },
      { host: 'orders.polaris', services: [{ namespace: 'shop', visibility: shared, is: addresses('240.241.0.7') }] },
    ];
    expect(tableOf('pay', ...names)).toEqual({
      'web.shop.svc.cluster.local': {
        ips: ['10.96.0.1', 'fd00::1'],
        registry: 'Kubernetes',
        shortname: 'web',
        namespace: 'shop',
      },
      'orders.polaris': { ips: ['240.241.0.7'], registry: 'External' },
    });
  });

  it('has of several services of a host that of the own namespace first, and none that is not exported there', () => {
    const only = { kind: 'namespaces', namespaces: ['shop'] } as const;
    const host = {
      host: 'db.mesh',
      services: [
        { namespace: 'shop', visibility: only, is: addresses('1.1.1.1') },
        { namespace: 'pay', visibility: shared, is: addresses('2.2.2.2') },
      ],
    };
    const hidden = { host: 'a.mesh', services: [{ namespace: 'shop', visibility: only, is: addresses('3.3.3.3') }] };
    const ips = (namespace: string) =>
      Object.fromEntries(Object.entries(tableOf(namespace, hidden, host)).map(([name, info]) => [name, info.ips]));
    expect(ips('shop')).toEqual({ 'a.mesh': ['3.3.3.3'], 'db.mesh': ['1.1.1.1'] });
    expect(ips('pay')).toEqual({ 'db.mesh': ['2.2.2.2'] });
    expect(ips('far')).toEqual({ 'db.mesh': ['2.2.2.2'] });
  });

  it('has for who is told of some hosts those alone, and of these the names of instances as well', () => {
    const named = (host: string, of?: string): HostName => ({
      host,
      services: [{ namespace: 'shop', visibility: shared, is: addresses('1.1.1.1'), ...(of ? { host: of } : {}) }],
    });
    const names = [named('db.mesh'), named('db-0.db.mesh', 'db.mesh'), named('web.mesh')];
    const entries = names.flatMap((name) => translateNameEntry(name, 'cluster.local', () => undefined) ?? []);
    const { body } = translateNameTable('pay', entries, { has: (service) => service === 'shop/db.mesh' });
    const table = decode('istio.networking.nds.v1.NameTable', body).table ?? {};
    expect(Object.keys(table)).toEqual(['db.mesh', 'db-0.db.mesh']);
  });

  it('has an alias with the addresses of where it leads, and leaves out what leads nowhere or round', () => {
    const alias = (host: string, target: string): HostName => ({
      host,
      services: [{ namespace: 'shop', visibility: shared, is: { kind: 'alias', target } }],
    });
    const real = { host: 'real.mesh', services: [{ namespace: 'shop', visibility: shared, is: addresses('1.1.1.1') }] };
    const pending: HostName = {
      host: 'new.mesh',
      services: [{ namespace: 'shop', visibility: shared, is: { kind: 'pending' } }],
    };
    const names = [alias('a', 'b'), alias('b', 'real.mesh'), real, pending];
    const all = tableOf('shop', ...names, alias('round', 'round'), alias('lost', 'nowhere.example'));
    expect(Object.keys(all).sort()).toEqual(['a', 'b', 'real.mesh']);
    expect(all.a?.ips).toEqual(['1.1.1.1']);
  });
});
