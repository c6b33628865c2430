/** What the chart tells an API server of our webhooks, held to the kinds that it has to ask about. */

import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { renderInstallation } from '../../src/cluster-commands/install/install.ts';
import type { PlainMap } from '../../src/resources/plain-values.ts';
import { mutatingConfiguration, validatingConfiguration } from '../interop/kubernetes/webhook-configurations.ts';

const systemNamespace = 'isthmus-system';

function rendered(kind: string, values: PlainMap = {}): readonly PlainMap[] {
  return renderInstallation({ release: 'isthmus', namespace: systemNamespace, values: [values] }).filter(
    (manifest) => manifest.kind === kind,
  );
}

describe('webhooks of the chart', () => {
  it.each(['default', 'canary'])(
    'of the revision %s ask about the kinds that have to be asked about, and Pods',
    (revision) => {
      const name = revision === 'default' ? 'isthmus' : `isthmus-${revision}`;
      const clientConfig = (path: string) => ({ service: { name, namespace: systemNamespace, path, port: 443 } });
      const place = { revision, systemNamespace, clientConfig };
      const [validating] = rendered('ValidatingWebhookConfiguration', { revision });
      const [mutating] = rendered('MutatingWebhookConfiguration', { revision });
      expect(validating).toMatchObject(validatingConfiguration(place));
      expect(mutating).toMatchObject(mutatingConfiguration(place));
    },
  );

  it('are none where none are wanted', () => {
    expect(rendered('ValidatingWebhookConfiguration', { webhooks: { enabled: false } })).toEqual([]);
    expect(rendered('MutatingWebhookConfiguration', { injection: { enabled: false } })).toEqual([]);
    expect(rendered('ValidatingWebhookConfiguration', { injection: { enabled: false } })).toHaveLength(1);
  });

  it.each(['Ignore', 'Fail'])('let Pods wait or go on without a proxy, as somebody decided: %s', (failurePolicy) => {
    const [configuration] = rendered('MutatingWebhookConfiguration', { injection: { failurePolicy } });
    expect(configuration?.webhooks).toMatchObject(Array.from({ length: 4 }, () => ({ failurePolicy })));
  });

  it('have settings of injection that are read as they are written', () => {
    const values = { injection: { proxy: 'envoy', nameserver: '10.96.0.53', interception: false } };
    const texts = rendered('ConfigMap', values).flatMap(({ data }) => Object.values(Object(data)).map(String));
    expect(texts.map((text) => load(text))).toContainEqual(
      expect.objectContaining({ proxy: 'envoy', nameserver: '10.96.0.53', interception: false }),
    );
  });
});
