import { expect, it } from 'vitest';
import type { CertificateSettings } from '../../model/certificate-settings.ts';
import type { AnyResource } from '../../resources/kinds.ts';
import { createResourceReader } from '../../resources/reader.ts';
import { meshConfig, testMesh } from '../mesh-fixture.ts';

const reader = createResourceReader();
const tresor = { tresor: { ca: { secretRef: { name: 'osm-ca-bundle', namespace: 'osm-system' } } } };
const token = { secretKeyRef: { name: 'vault', namespace: 'osm-system', key: 'token' } };
const vault = { vault: { host: 'vault.example', role: 'mesh', protocol: 'https', token } };

function root(name: string, role: string, provider: object = { tresor: {} }, trustDomain = 'cluster.local') {
  const { resource } = reader.read({
    apiVersion: 'config.openservicemesh.io/v1alpha2',
    kind: 'MeshRootCertificate',
    metadata: { name, namespace: 'osm-system' },
    spec: { role, provider, trustDomain },
  });
  if (resource === undefined) throw new Error('the manifest is refused');
  return resource;
}

function settingsWith(...resources: readonly AnyResource[]): {
  readonly settings: CertificateSettings | undefined;
  readonly findings: readonly string[];
} {
  const { mesh, set, findings } = testMesh();
  set(...resources);
  return { settings: mesh.certificates.get('mesh'), findings: findings() };
}

const builtIn = (name: string) => ({ kind: 'BuiltIn', name: `osm-system.${name}` });
const about = (name: string, path: string, code = 'ISTH1211') => `${code} MeshRootCertificate/${name} ${path}`;

it('the built-in authority signs where nothing says otherwise', () => {
  expect(settingsWith().settings).toMatchObject({ signing: { kind: 'BuiltIn', name: '' }, trusted: [] });
});

it('an active MeshRootCertificate signs, a passive one is trusted, an inactive one is neither', () => {
  const { settings, findings } = settingsWith(root('a', 'active'), root('b', 'passive'), root('c', 'inactive'));
  expect(settings).toMatchObject({ signing: builtIn('a'), trusted: [builtIn('b')] });
  expect(findings).toEqual([]);
  expect(settingsWith(root('a', 'passive'), root('b', 'active')).settings).toMatchObject({
    signing: builtIn('b'),
    trusted: [builtIn('a')],
  });
});

it("of two active ones the older signs and the other is trusted; a third is in nobody's way", () => {
  const { settings, findings } = settingsWith(root('a', 'active'), root('b', 'active'), root('c', 'passive'));
  expect(settings).toMatchObject({ signing: builtIn('a'), trusted: [builtIn('b')] });
  expect(findings).toEqual([about('c', 'spec.role'), about('b', 'spec.role', 'ISTH1213')]);
});

it('nobody takes the signing over where none is active', () => {
  const { settings, findings } = settingsWith(root('a', 'passive'));
  expect(settings).not.toHaveProperty('signing');
  expect(findings).toEqual([about('a', 'spec.role')]);
});

it('Secrets are read where they are mounted, and else it is told what is done without them', () => {
  const own = meshConfig('/mesh', { certificates: { settle: 0, secretsFolder: '/secrets' } });
  expect(settingsWith(own, root('a', 'active', tresor), root('b', 'passive', vault))).toMatchObject({
    settings: {
      signing: { kind: 'Files', folder: '/secrets/osm-system/osm-ca-bundle', names: { key: 'private.key' } },
      trusted: [{ kind: 'Vault', address: 'https://vault.example:8200', tokenFile: '/secrets/osm-system/vault/token' }],
    },
    findings: [],
  });
  expect(settingsWith(root('a', 'active', tresor), root('b', 'passive', vault))).toMatchObject({
    settings: { signing: builtIn('a'), trusted: [] },
    findings: [about('b', 'spec.provider.vault.token'), about('a', 'spec.provider.tresor.ca.secretRef', 'ISTH1213')],
  });
});

it('cert-manager and another trust domain are named, and who signs now goes on', () => {
  const issuer = { certManager: { issuerName: 'ca', issuerKind: 'Issuer', issuerGroup: 'cert-manager.io' } };
  const { settings, findings } = settingsWith(root('a', 'active', issuer));
  expect(settings).not.toHaveProperty('signing');
  expect(findings).toEqual([about('a', 'spec.provider.certManager')]);
  const own = meshConfig('/mesh', {});
  expect(settingsWith(own, root('a', 'active', undefined, 'books.example')).findings).toEqual([
    about('a', 'spec.trustDomain'),
  ]);
});

it('an active MeshRootCertificate says the trust domain where nothing of ours does', () => {
  const { mesh, set, findings } = testMesh();
  set(root('a', 'active', undefined, 'books.example'));
  expect([mesh.settings.get('mesh')?.trustDomain, findings()]).toEqual(['books.example', []]);
});

it('what our own MeshConfig says of issuers wins, and the others are told', () => {
  const files = { folder: '/ca', roots: 'r', certificate: 'c', key: 'k', chain: 'n' };
  const own = meshConfig('/mesh', { certificates: { settle: 5, issuer: 'Files', files, lifetime: 60_000 } });
  const { settings, findings } = settingsWith(own, root('a', 'active'));
  expect(settings).toMatchObject({
    signing: { kind: 'Files', folder: '/ca', names: { roots: 'r', certificate: 'c', key: 'k', chain: 'n' } },
    ...{ settleMs: 5, leafLifetimeMs: 60_000 },
  });
  expect(findings).toEqual([about('a', 'spec.provider')]);
});
