import { expect, it } from 'vitest';
import type { MeshSettings } from '../../model/mesh-service.ts';
import type { AnyResource } from '../../resources/kinds.ts';
import { createResourceReader } from '../../resources/reader.ts';
import { kubernetesService, meshConfig, testMesh } from '../mesh-fixture.ts';

const reader = createResourceReader();

function osmConfig(spec: object, name = 'osm-mesh-config', namespace = 'osm-system') {
  const metadata = { name, namespace };
  const { resource } = reader.read({
    apiVersion: 'config.openservicemesh.io/v1alpha2',
    kind: 'MeshConfig',
    metadata,
    spec,
  });
  if (resource === undefined) throw new Error('the manifest is refused');
  return resource;
}

function settingsWith(...resources: readonly AnyResource[]): {
  readonly settings: MeshSettings | undefined;
  readonly findings: readonly string[];
} {
  const { mesh, set, findings } = testMesh();
  set(...resources);
  return { settings: mesh.settings.get('mesh'), findings: findings() };
}

const permissive = (on: boolean) => osmConfig({ traffic: { enablePermissiveTrafficPolicyMode: on } });

it('permissive mode is a mode of access, and its absence closes the mesh', () => {
  expect(settingsWith(permissive(true)).settings?.access).toBe('Permissive');
  expect(settingsWith(permissive(false)).settings?.access).toBe('Enforced');
  expect(settingsWith(osmConfig({})).settings?.access).toBe('Enforced');
});

it('the mode of our own MeshConfig wins where one is written, and a contradiction is told', () => {
  const own = meshConfig('/mesh', { access: { mode: 'Permissive' } });
  expect(settingsWith(own, permissive(true))).toMatchObject({ settings: { access: 'Permissive' }, findings: [] });
  expect(settingsWith(own, permissive(false))).toMatchObject({
    settings: { access: 'Permissive' },
    findings: ['ISTH1402 OsmMeshConfig/osm-mesh-config spec.traffic.enablePermissiveTrafficPolicyMode'],
  });
  const without = meshConfig('/mesh', { trustDomain: 'books.example' });
  expect(settingsWith(without, permissive(true)).settings).toMatchObject({
    access: 'Permissive',
    trustDomain: 'books.example',
  });
});

it('ports of Kubernetes Services that do not say what they speak are HTTP, as the published ones are', () => {
  const protocolOf = (...resources: readonly AnyResource[]) => {
    const { mesh, set } = testMesh();
    set(
      kubernetesService('books/store', { ports: [{ name: 'store-port', port: 14_001, protocol: 'TCP' }] }),
      ...resources,
    );
    return [...mesh.services.values()][0]?.ports[0]?.protocol;
  };
  expect(protocolOf(osmConfig({}))).toEqual({ kind: 'plain', protocol: 'http' });
  expect(protocolOf()).toEqual({ kind: 'plain', protocol: 'tcp' });
});

it('of several the first is in force', () => {
  const { settings, findings } = settingsWith(
    permissive(true),
    osmConfig({ traffic: { enablePermissiveTrafficPolicyMode: false } }, 'zz'),
  );
  expect(settings?.access).toBe('Permissive');
  expect(findings).toEqual(['ISTH0316 OsmMeshConfig/zz']);
});

it('one of another namespace opens nothing, be it alone, and is told', () => {
  const theirs = osmConfig({ traffic: { enablePermissiveTrafficPolicyMode: true } }, 'osm-mesh-config', 'town');
  expect(settingsWith(theirs, permissive(false))).toMatchObject({
    settings: { access: 'Enforced', policyNamespace: 'osm-system' },
    findings: ['ISTH1409 OsmMeshConfig/osm-mesh-config metadata.namespace'],
  });
  expect(settingsWith(theirs).settings).not.toHaveProperty('policyNamespace');
  const own = meshConfig('/mesh', { osmNamespace: 'town' });
  expect(settingsWith(own, theirs)).toMatchObject({ settings: { access: 'Permissive' }, findings: [] });
});

it('what is asked of TLS stays within what is safe, and within what proxies know', () => {
  const { settings, findings } = settingsWith(
    osmConfig({
      sidecar: {
        tlsMinProtocolVersion: 'TLSv1_0',
        tlsMaxProtocolVersion: 'TLSv1_2',
        cipherSuites: ['ECDHE-ECDSA-AES128-GCM-SHA256', 'RC4-MD5'],
        ecdhCurves: ['P-256', 'P-0'],
      },
    }),
  );
  expect(settings?.tls).toEqual({
    minimum: 'TLSv1_2',
    maximum: 'TLSv1_2',
    cipherSuites: ['ECDHE-ECDSA-AES128-GCM-SHA256'],
    curves: ['P-256'],
  });
  expect(findings).toEqual(
    ['cipherSuites', 'ecdhCurves', 'tlsMinProtocolVersion'].map(
      (field) => `ISTH1401 OsmMeshConfig/osm-mesh-config spec.sidecar.${field}`,
    ),
  );
});

it('certificates live as long as is written, for a day at most', () => {
  const living = (serviceCertValidityDuration: string) =>
    settingsWith(osmConfig({ certificate: { serviceCertValidityDuration } }));
  expect(living('12h').settings?.leafLifetimeMs).toBe(12 * 3_600_000);
  expect(living('48h')).toMatchObject({
    settings: { leafLifetimeMs: 24 * 3_600_000 },
    findings: ['ISTH1401 OsmMeshConfig/osm-mesh-config spec.certificate.serviceCertValidityDuration'],
  });
});

it('every setting that is not applied is named', () => {
  const { findings } = settingsWith(
    osmConfig({
      traffic: {
        enableEgress: true,
        networkInterfaceExclusionList: ['net1'],
        inboundExternalAuthorization: { enable: true, address: 'authz.example', port: 9000, failureModeAllow: true },
      },
      sidecar: { localProxyMode: 'PodIP' },
      featureFlags: { enableEnvoyActiveHealthChecks: true },
    }),
  );
  expect(findings.map((one) => one.replace('OsmMeshConfig/osm-mesh-config spec.', ''))).toEqual([
    'ISTH1401 featureFlags.enableEnvoyActiveHealthChecks',
    'ISTH1401 sidecar.localProxyMode',
    'ISTH1401 traffic.networkInterfaceExclusionList',
    'ISTH1403 traffic.inboundExternalAuthorization.failureModeAllow',
  ]);
});
