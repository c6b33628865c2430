/**
 * The Service Mesh Interface's TrafficMetrics, at the paths where an aggregated API server of Kubernetes has them:
 *
 *   /apis/metrics.smi-spec.io/v1alpha1                                          what there is
 *   /apis/metrics.smi-spec.io/v1alpha1/<kind>                                   of all namespaces
 *   /apis/metrics.smi-spec.io/v1alpha1/namespaces/<name>[/edges]
 *   /apis/metrics.smi-spec.io/v1alpha1/namespaces/<namespace>/<kind>[/<name>[/edges]]
 *
 * Mistakes are answered as Kubernetes answers them, by a Status.
 */
import { Hono } from 'hono';
import { parseLabelSelector } from '../model/label-selector.ts';
import { type TrafficKind, type TrafficResource, trafficKinds } from '../model/traffic-resource.ts';
import { edgesOf, metricsList, metricsOf, trafficGroup, trafficVersion } from './traffic-metrics.ts';

export interface TrafficViews {
  /** In order of namespaces and names. `namespace`: of this one alone; `name`: this one alone. */
  readonly trafficOf: (kind: TrafficKind, namespace: string | undefined, name?: string) => readonly TrafficResource[];
  /** The end of the window: now. */
  readonly now: () => Date;
}

const group = `/apis/${trafficGroup}`;
const root = `${group}/${trafficVersion}`;
const verbs = ['get', 'list'];

export function trafficMetricsApi({ trafficOf, now }: TrafficViews): Hono {
  const app = new Hono();
  app.get('/apis', () => Response.json({ kind: 'APIGroupList', apiVersion: 'v1', groups: [apiGroup] }));
  app.get(group, () => Response.json({ kind: 'APIGroup', apiVersion: 'v1', ...apiGroup }));
  app.get(root, () => Response.json(resourceList));

  const listed = (written: string, namespace: string | undefined, selector = ''): Response => {
    const kind = kindNamed(written);
    if (kind === undefined) return unknownKind(written);
    const isSelected = parseLabelSelector(selector);
    if (isSelected === undefined)
      return failure(
        400,
        'BadRequest',
        `"${selector}" is no label selector that is read here: write key=value, key!=value, key or !key, with commas between.`,
      );
    const resources = trafficOf(kind, namespace).filter(({ labels }) => isSelected(labels));
    return Response.json(metricsList(kind, namespace, selector, resources, now()));
  };
  const one = (written: string, namespace: string | undefined, name: string, show: typeof metricsOf): Response => {
    const kind = kindNamed(written);
    if (kind === undefined) return unknownKind(written);
    const [found] = trafficOf(kind, namespace, name);
    if (found !== undefined) return Response.json(show(found, now()));
    return failure(404, 'NotFound', `${kind} "${name}" not found`, { name, group: trafficGroup, kind });
  };

  app.get(`${root}/:kind`, ({ req }) => listed(req.param('kind'), undefined, req.query('labelSelector')));
  app.get(`${root}/namespaces/:name`, ({ req }) => one('namespaces', undefined, req.param('name'), metricsOf));
  app.get(`${root}/namespaces/:name/edges`, ({ req }) => one('namespaces', undefined, req.param('name'), edgesOf));
  app.get(`${root}/namespaces/:namespace/:kind`, ({ req }) =>
    listed(namespacedOnly(req.param('kind')), req.param('namespace'), req.query('labelSelector')),
  );
  app.get(`${root}/namespaces/:namespace/:kind/:name`, ({ req }) =>
    one(namespacedOnly(req.param('kind')), req.param('namespace'), req.param('name'), metricsOf),
  );
  app.get(`${root}/namespaces/:namespace/:kind/:name/edges`, ({ req }) =>
    one(namespacedOnly(req.param('kind')), req.param('namespace'), req.param('name'), edgesOf),
  );
  app.all(`${root}/*`, ({ req }) =>
    req.method === 'GET'
      ? failure(404, 'NotFound', `There is nothing at ${req.path}.`)
      : failure(405, 'MethodNotAllowed', `${req.method} is not for metrics: they are read only.`),
  );
  return app;
}

const version = { groupVersion: `${trafficGroup}/${trafficVersion}`, version: trafficVersion };
const apiGroup = { name: trafficGroup, versions: [version], preferredVersion: version };

const resourceList = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: version.groupVersion,
  resources: Object.entries(trafficKinds).flatMap(([plural, { namespaced }]) =>
    [
      { name: plural, verbs },
      { name: `${plural}/edges`, verbs: ['get'] },
    ].map((resource) => ({ ...resource, singularName: '', namespaced, kind: 'TrafficMetrics' })),
  ),
};

function kindNamed(written: string): TrafficKind | undefined {
  return written === 'namespaces' || written === 'pods' || written === 'services' ? written : undefined;
}

/** Nothing is called so: there are no namespaces in a namespace. */
function namespacedOnly(written: string): string {
  return written === 'namespaces' ? 'namespaces in a namespace' : written;
}

function unknownKind(written: string): Response {
  const kinds = Object.keys(trafficKinds).join(', ');
  return failure(404, 'NotFound', `There are no metrics of ${written}. There are of: ${kinds}.`);
}

function failure(code: number, reason: string, message: string, details?: object): Response {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason };
  return Response.json({ ...status, ...(details === undefined ? {} : { details }), code }, { status: code });
}
