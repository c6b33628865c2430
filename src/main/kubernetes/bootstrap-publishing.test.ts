import { expect, it, onTestFinished } from 'vitest';
import { renderInstallation } from '../../cluster-commands/install/install.ts';
import { Engine } from '../../collections/engine.ts';
import { ApiFailure } from '../../kubernetes-api/api-failure.ts';
import { scriptedWatch } from '../../kubernetes-api/scripted-watch-fixture.ts';
import { buildPipeline } from '../pipeline.ts';
import { bootstrapOf, startBootstrapPublishing } from './bootstrap-publishing.ts';

it.each(['default', 'canary'])(
  'tells sidecars of Istio the very service account that the chart gives the revision %s',
  (revision) => {
    const values = [{ revision, istioSidecars: { enabled: true } }];
    const manifests = renderInstallation({ release: 'isthmus', namespace: 'isthmus-system', values });
    const bootstrap = bootstrapOf({
      revision,
      systemNamespace: 'isthmus-system',
      istioXds: { address: '0.0.0.0:15013' },
    });
    const name = revision === 'default' ? 'isthmus' : 'isthmus-canary';
    expect(manifests).toContainEqual(
      expect.objectContaining({ kind: 'ServiceAccount', metadata: expect.objectContaining({ name }) }),
    );
    expect(bootstrap).toContain(`/ns/isthmus-system/sa/${name}"`);
    expect(bootstrap).toContain(`"${name}.isthmus-system.svc"`);
  },
);

it('names the namespace in which the bootstrap of sidecars may not be kept', async () => {
  const pipeline = buildPipeline(new Engine());
  const metadata = { namespace: '', name: 'shop', labels: { 'istio-injection': 'enabled' }, annotations: {} };
  pipeline.engine.batch(() =>
    pipeline.sourced.resources.Namespace.set({
      kind: 'Namespace',
      apiVersion: 'v1',
      key: 'Namespace//shop',
      metadata,
      spec: {},
    }),
  );
  const part = startBootstrapPublishing({
    pipeline,
    server: {
      ...scriptedWatch([]),
      get: () => Promise.reject(new ApiFailure('nothing is asked')),
      send: () => Promise.reject(new ApiFailure('configmaps is forbidden', { status: 403, reason: 'Forbidden' })),
      close: () => {},
    },
    writership: { isWriter: true, onChange: () => () => {} },
    precedence: { isFirst: true, onChange: () => () => {} },
    revision: 'default',
    events: { record: () => {} },
    systemNamespace: 'isthmus-system',
    istioXds: { address: '0.0.0.0:15013' },
  });
  onTestFinished(async () => part.close());
  await expect
    .poll(() => part.findings().map(({ code, object }) => `${code} ${object.namespace} ${object.name}`))
    .toEqual(['ISTH1507 shop isthmus-bootstrap-config']);
});
