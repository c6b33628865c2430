/** A writer at a real API server, and what is wanted of it. */
import { expect } from 'vitest';
import {
  ClusterWriter,
  type ClusterWriterOptions,
  defaultWorkLimits,
} from '../../../src/delivery/kubernetes/objects/cluster-writer.ts';
import type { Repair } from '../../../src/delivery/kubernetes/objects/kind-writer.ts';
import type { WantedObject } from '../../../src/delivery/kubernetes/objects/wanted-object.ts';
import { writeFindings } from '../../../src/delivery/kubernetes/objects/write-findings.ts';
import { writtenKinds } from '../../../src/delivery/kubernetes/objects/written-kinds.ts';
import { systemClock } from '../../../src/model/clock.ts';
import type { KubernetesServer } from '../../peers/kubernetes/kubernetes-server.ts';
import { type CountedRequests, countRequests } from './counted-requests.ts';

export interface WritingScene {
  readonly api: CountedRequests;
  readonly writer: ClusterWriter;
  readonly repairs: Repair[];
  /** Who is to write, and whether what is wanted is known, and all of it. */
  readonly says: { isWriter: boolean; isKnown: boolean; isComplete: boolean };
  /** What is wanted from now on; the rest is not any more. */
  want(...objects: readonly WantedObject[]): void;
  /** Until nothing is to be done any more. */
  settled(): Promise<void>;
  codes(): readonly string[];
  /** Ends it as a process ends: without a word to the API server. */
  close(): Promise<void>;
}

export async function startWriting(
  server: KubernetesServer,
  options: Partial<ClusterWriterOptions> = {},
): Promise<WritingScene> {
  const api = countRequests(await server.access());
  const repairs: Repair[] = [];
  const says = { isWriter: true, isKnown: true, isComplete: true };
  const writer = new ClusterWriter({
    api,
    kinds: writtenKinds,
    revision: 'test',
    clock: systemClock,
    isWriter: () => says.isWriter,
    isKnown: () => says.isKnown,
    isComplete: () => says.isComplete,
    onRepaired: (repair) => repairs.push(repair),
    onResult: () => {},
    limits: { ...defaultWorkLimits, perSecond: 1_000 },
    ...options,
  });
  let wanted: ReadonlyMap<string, WantedObject> = new Map();
  return {
    api,
    writer,
    repairs,
    says,
    want: (...objects) => {
      const next = new Map(objects.map((one) => [keyOf(one), one]));
      const keys = new Set([...wanted.keys(), ...next.keys()]);
      const diff = [...keys].map((key) => ({ before: wanted.get(key), after: next.get(key) }));
      wanted = next;
      writer.take(diff);
    },
    settled: async () => {
      await expect
        .poll(() => {
          const { queued, kinds } = writer.status();
          return queued === 0 && kinds.every(({ state }) => state !== 'syncing');
        })
        .toBe(true);
    },
    codes: () => writeFindings(writer.status()).map(({ code }) => code),
    close: async () => {
      await writer.close();
      api.close();
    },
  };
}

function keyOf({ kind, metadata }: WantedObject): string {
  return `${kind}/${metadata.namespace}/${metadata.name}`;
}

export function serviceEntry(name: string, spec: object = {}, namespace = 'shop'): WantedObject {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: {
      name,
      namespace,
      labels: { 'app.kubernetes.io/managed-by': 'isthmus', 'isthmus.dev/rev': 'test' },
      annotations: { 'isthmus.dev/source': `ServiceRegistry ${name}-registry` },
    },
    spec: {
      hosts: [`${name}.example`],
      addresses: ['240.241.0.7'],
      ports: [{ name: 'tcp', number: 9090, protocol: 'TCP' }],
      ...spec,
    },
  };
}
