/** Manifests of what makes Pods, and of Pods: the Pod in them is injected, or restored. All else is none of ours. */
import type { ObjectRef } from '../../model/finding.ts';
import { isMap, type PlainMap } from './pod.ts';
import { type Injection, type InjectionContext, injectPod } from './pod-injection.ts';
import { uninjectPod } from './pod-restoration.ts';

const template = ['spec', 'template'] as const;

/** Where a kind has its Pod, by group and kind. */
const podPlaces: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ['v1/Pod', []],
  ['v1/ReplicationController', template],
  ['apps/v1/Deployment', template],
  ['apps/v1/StatefulSet', template],
  ['apps/v1/DaemonSet', template],
  ['apps/v1/ReplicaSet', template],
  ['batch/v1/Job', template],
  ['batch/v1/CronJob', ['spec', 'jobTemplate', 'spec', 'template']],
]);

export function makesPods(manifest: unknown): manifest is PlainMap {
  return podPlaceOf(manifest) !== undefined;
}

function podPlaceOf(manifest: unknown): readonly string[] | undefined {
  return isMap(manifest) ? podPlaces.get(`${manifest.apiVersion}/${manifest.kind}`) : undefined;
}

/** Kind, namespace and name as they are written; `namespace`: where none is. */
export function workloadRef({ kind, metadata }: PlainMap, namespace: string): ObjectRef {
  const { name, generateName, namespace: own } = isMap(metadata) ? metadata : {};
  const called = [name, generateName].find((one) => typeof one === 'string' && one !== '');
  return {
    kind: String(kind),
    namespace: typeof own === 'string' && own !== '' ? own : namespace,
    name: String(called ?? '(unnamed)'),
  };
}

/** What `injectPod` makes of the Pod in it, as the whole manifest. One that has a proxy gets it anew. */
export function injectWorkload(manifest: PlainMap, context: InjectionContext): Injection {
  const place = podPlaceOf(manifest) ?? [];
  const pod = valueAt(manifest, place);
  const injection = injectPod(uninjectPod(pod) ?? pod, context);
  // What is found in a Pod is, to whoever is to mend it, in what makes it.
  const findings = injection.findings.map((one) => ({
    ...one,
    path: [...place, one.path].filter((step) => step !== '').join('.'),
  }));
  return injection.kind === 'injected'
    ? { ...injection, findings, pod: withValueAt(manifest, place, injection.pod) }
    : { ...injection, findings };
}

/** Undefined where there is nothing to undo. */
export function uninjectWorkload(manifest: PlainMap): PlainMap | undefined {
  const place = podPlaceOf(manifest) ?? [];
  const pod = uninjectPod(valueAt(manifest, place));
  return pod === undefined ? undefined : withValueAt(manifest, place, pod);
}

function valueAt(value: unknown, [step, ...rest]: readonly string[]): unknown {
  if (step === undefined) return value;
  return isMap(value) ? valueAt(value[step], rest) : undefined;
}

function withValueAt(map: PlainMap, [step, ...rest]: readonly string[], value: PlainMap): PlainMap {
  if (step === undefined) return value;
  const inner = map[step];
  return { ...map, [step]: withValueAt(isMap(inner) ? inner : {}, rest, value) };
}
