/** Can the API server call our webhooks? It can where it knows who vouches for them, and somebody answers. */

import { X509Certificate } from 'node:crypto';
import { messageOf } from '../../model/errors.ts';
import { ownName } from '../../model/ownership.ts';
import { isMap, type PlainMap } from '../../resources/plain-values.ts';
import { listObjects, readObject } from '../cluster-objects.ts';
import { pathOf } from '../manifest-kinds.ts';
import { type Check, type CheckedCluster, failed, passed, type Verdict, warned } from './checking.ts';

/** And what is so without them. */
const kinds = [
  ['ValidatingWebhookConfiguration', 'Without it, objects are validated after they are stored.'],
  [
    'MutatingWebhookConfiguration',
    'Without it, no Pod gets a proxy as it is made: see injection.enabled of the chart.',
  ],
] as const;

export function webhookChecks({ server, namespace, revision, now }: CheckedCluster): readonly Check[] {
  const name = ownName(revision);
  const section = 'webhooks';
  return [
    ...kinds.map(([kind, absence]) => ({
      section,
      check: `the API server knows who vouches for ${kind} ${name}`,
      ask: async () => verdictOn(await readObject(server, pathOf({ kind, name })), absence, now()),
    })),
    {
      section,
      check: `Service ${namespace}/${name} has endpoints that are ready`,
      ask: async () => {
        const collection = { group: 'discovery.k8s.io', version: 'v1', plural: 'endpointslices' };
        const labels = `kubernetes.io/service-name=${name}`;
        const slices = await listObjects(server, collection, { labels, namespace });
        const ready = slices.flatMap(({ endpoints }) =>
          Array.isArray(endpoints) ? endpoints.filter(isMap).filter(isReady) : [],
        );
        if (ready.length > 0) return passed();
        return failed('It has none.', `kubectl -n ${namespace} get pods,endpointslices`);
      },
    },
  ];
}

function verdictOn(found: PlainMap | undefined, absence: string, now: number): Verdict {
  if (found === undefined) return warned('It is not there.', absence);
  const hooks = Array.isArray(found.webhooks) ? found.webhooks.filter(isMap) : [];
  for (const { name, clientConfig } of hooks) {
    const bundle = isMap(clientConfig) ? clientConfig.caBundle : undefined;
    const hint = 'A replica of the control plane writes it when it holds the Lease: see its logs.';
    if (typeof bundle !== 'string' || bundle === '') return failed(`${String(name)} has no caBundle.`, hint);
    const fault = faultOf(Buffer.from(bundle, 'base64').toString('utf8'), now);
    if (fault !== undefined) return failed(`${String(name)}: ${fault}`, hint);
  }
  return passed();
}

function faultOf(pem: string, now: number): string | undefined {
  try {
    const { validToDate, validFromDate } = new X509Certificate(pem);
    if (validToDate.getTime() < now) return `its certificate ended ${validToDate.toISOString()}.`;
    return validFromDate.getTime() > now ? `its certificate begins ${validFromDate.toISOString()}.` : undefined;
  } catch (error) {
    return `its caBundle holds no certificate: ${messageOf(error)}.`;
  }
}

function isReady({ conditions }: PlainMap): boolean {
  return !isMap(conditions) || conditions.ready !== false;
}
