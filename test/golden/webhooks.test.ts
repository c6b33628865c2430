/**
 * What the chart tells an API server of our webhooks, held to the kinds that it has to ask about. Whom its selectors let ask is
 * tested by an API server that is told the same (test/interop/kubernetes/validation.test.ts, injection.test.ts).
 */

import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { renderInstallation } from '../../src/cluster-commands/install/install.ts';
import { validatedKinds } from '../../src/resources/kind-table.ts';
import type { PlainMap } from '../../src/resources/plain-values.ts';

const systemNamespace = 'isthmus-system';

function rendered(kind: string, values: PlainMap = {}): readonly PlainMap[] {
  return renderInstallation({ release: 'isthmus', namespace: systemNamespace, values: [values] }).filter(
    (manifest) => manifest.kind === kind,
  );
}

/** What has to be asked about, as rules of an API server: one for each group. */
function rulesOfValidated(scope: string): readonly object[] {
  const groups = [...new Set(validatedKinds.map(({ group }) => group))].sort();
  return groups.map((group) => {
    const kinds = validatedKinds.filter((kind) => kind.group === group);
    return {
      apiGroups: [group],
      apiVersions: [...new Set(kinds.flatMap(({ versions }) => versions))].sort(),
      operations: ['CREATE', 'UPDATE'],
      resources: kinds.map(({ plural }) => plural).sort(),
      scope,
    };
  });
}

describe('webhooks of the chart', () => {
  it.each([
    ['default', 'isthmus', ['validation', 'validation-of-revision']],
    ['canary', 'isthmus-canary', ['validation', 'validation-of-revision']],
  ])('of the revision %s ask about the kinds that have to be asked about, and no others', (revision, name, named) => {
    const [configuration] = rendered('ValidatingWebhookConfiguration', { revision });
    const service = { name, namespace: systemNamespace, path: '/validate', port: 443 };
    expect(configuration).toMatchObject({
      metadata: { name, labels: { 'isthmus.dev/control-plane': revision } },
      webhooks: named.map((one, at) => ({
        name: `${one}.isthmus.dev`,
        clientConfig: { service },
        failurePolicy: 'Ignore',
        rules: rulesOfValidated(at === 0 ? '*' : 'Namespaced'),
      })),
    });
  });

  const ofRevision = ['injection-by-namespace-of-revision', 'injection-by-pod-of-revision'];
  it.each([
    ['default', 'isthmus', ['injection-by-namespace', 'injection-by-pod', ...ofRevision]],
    ['canary', 'isthmus-canary', ofRevision],
  ])('of the revision %s ask about Pods that are made', (revision, name, named) => {
    const [configuration] = rendered('MutatingWebhookConfiguration', { revision });
    const service = { name, namespace: systemNamespace, path: '/inject', port: 443 };
    const pods = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] };
    expect(configuration).toMatchObject({
      metadata: { name, labels: { 'isthmus.dev/control-plane': revision } },
      webhooks: named.map((one) => ({
        name: `${one}.isthmus.dev`,
        clientConfig: { service },
        failurePolicy: 'Fail',
        rules: [pods],
      })),
    });
  });

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
