import { expect, it } from 'vitest';
import { renderInstallation } from '../../cluster-commands/install/install.ts';
import { bootstrapOf } from './bootstrap-publishing.ts';

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
