/** Waiting until what was applied does what it is for. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiServer } from '../kubernetes-api/api-server.ts';
import { IsthmusError } from '../model/errors.ts';
import { isMap, type PlainMap } from '../resources/plain-values.ts';
import { readObject } from './cluster-objects.ts';
import { type InstalledObject, nameOf, pathOf } from './manifest-kinds.ts';

const askAgainMs = 250;
const hint = 'What was applied stays: "isthmus check" says what stands in the way, and the same command again goes on.';

/** Throws UNAVAILABLE when the time is over, with what is missing. `progress` is told whenever that changes. */
export async function untilReady(
  server: ApiServer,
  objects: readonly InstalledObject[],
  timeoutMs: number,
  progress: (text: string) => void,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let told = '';
  for (;;) {
    const missing: string[] = [];
    for (const object of objects) {
      const lack = lackOf(object, await readObject(server, pathOf(object)));
      if (lack !== undefined) missing.push(`${nameOf(object)}: ${lack}`);
    }
    if (missing.length === 0) return;
    const text = missing.join('; ');
    if (performance.now() >= deadline)
      throw new IsthmusError('UNAVAILABLE', `Not ready after ${timeoutMs / 1000} s: ${text}. ${hint}`);
    if (text !== told) progress(`waiting: ${text}`);
    told = text;
    await sleep(askAgainMs);
  }
}

/** What keeps an object from being ready; undefined where it is, and for kinds that are always. */
export function lackOf({ kind }: InstalledObject, found: PlainMap | undefined): string | undefined {
  if (found === undefined) return 'it is not there';
  if (kind === 'CustomResourceDefinition')
    return conditionOf(found, 'Established') === 'True' ? undefined : 'it is not established yet';
  return kind === 'Deployment' ? lackOfDeployment(found) : undefined;
}

function lackOfDeployment({ metadata, spec, status }: PlainMap): string | undefined {
  const wanted = isMap(spec) && typeof spec.replicas === 'number' ? spec.replicas : 1;
  const generation = isMap(metadata) ? metadata.generation : undefined;
  const { observedGeneration, updatedReplicas = 0, availableReplicas = 0 } = isMap(status) ? status : {};
  if (observedGeneration !== generation) return 'nobody has begun with it yet';
  if (updatedReplicas !== wanted) return `${Number(updatedReplicas)} of ${wanted} replicas are of this version`;
  return Number(availableReplicas) >= wanted
    ? undefined
    : `${Number(availableReplicas)} of ${wanted} replicas are ready`;
}

export function conditionOf({ status }: PlainMap, type: string): unknown {
  const conditions = isMap(status) && Array.isArray(status.conditions) ? status.conditions : [];
  return conditions.filter(isMap).find((one) => one.type === type)?.status;
}

/** Throws UNAVAILABLE when the time is over and there still are some. */
export async function untilNonePresent(
  list: () => Promise<readonly PlainMap[]>,
  timeoutMs: number,
  progress: (text: string) => void,
): Promise<void> {
  await untilNone(list, (left) => `${left.length} Pods still run`, timeoutMs, progress);
}

/** Of objects that are being deleted. Throws UNAVAILABLE when the time is over and some are still there. */
export async function untilGone(
  leaving: () => Promise<readonly InstalledObject[]>,
  timeoutMs: number,
  progress: (text: string) => void,
): Promise<void> {
  const textOf = (left: readonly InstalledObject[]): string => `being deleted: ${left.map(nameOf).join(', ')}`;
  await untilNone(leaving, textOf, timeoutMs, progress);
}

async function untilNone<T>(
  list: () => Promise<readonly T[]>,
  describe: (left: readonly T[]) => string,
  timeoutMs: number,
  progress: (text: string) => void,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let told = 0;
  for (let left = await list(); left.length > 0; left = await list()) {
    const text = describe(left);
    if (performance.now() >= deadline) throw new IsthmusError('UNAVAILABLE', `After ${timeoutMs / 1000} s: ${text}.`);
    if (left.length !== told) progress(`waiting: ${text}`);
    told = left.length;
    await sleep(askAgainMs);
  }
}
