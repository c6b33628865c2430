/** Protocol cases as tables: what a client sends, what changes, what it must get, and when it must hear nothing. */
import { expect } from 'vitest';
import type { Dialect, RawClient, Request } from './raw-client.ts';
import { node, type Rig, said } from './rig.ts';

type Contents = Readonly<Record<string, string | undefined>>;

export type Step =
  /** A request; state-of-the-world clients repeat its names when they acknowledge. */
  | { readonly client: Partial<Request> }
  | { readonly change: Contents }
  /** Expects a response, and acknowledges it. */
  | { readonly gets: readonly string[]; readonly removed?: readonly string[] }
  /** Expects a response, and refuses it. */
  | { readonly refuses: readonly string[] }
  | 'silence';

export interface ProtocolCase {
  readonly promise: string;
  readonly type: string;
  readonly before: Contents;
  readonly steps: readonly Step[];
}

export async function runCase(rig: Rig, dialect: Dialect, { type, before, steps }: ProtocolCase): Promise<void> {
  rig.change(type, before);
  const run = { rig, client: rig.connect(dialect), type, names: [] as readonly string[], first: true };
  for (const step of steps) await take(run, step);
}

interface Run {
  readonly rig: Rig;
  readonly client: RawClient;
  readonly type: string;
  names: readonly string[];
  first: boolean;
}

async function take(run: Run, step: Step): Promise<void> {
  const { rig, client, type } = run;
  if (step === 'silence') await rig.silence(client);
  else if ('change' in step) rig.change(type, step.change);
  else if ('client' in step) {
    client.send({ ...(run.first ? { node: node() } : {}), typeUrl: type, ...step.client });
    run.first = false;
    run.names = step.client.resourceNames ?? [];
  } else await receive(run, step);
}

async function receive(run: Run, step: Extract<Step, { gets: unknown } | { refuses: unknown }>): Promise<void> {
  const response = await run.client.next();
  const expected = 'gets' in step ? step : { gets: step.refuses };
  expect(said(response)).toEqual({
    resources: expected.gets,
    removed: ('removed' in expected && expected.removed) || [],
  });
  expect(response.typeUrl).toBe(run.type);
  if ('gets' in step) run.client.acknowledge(response, run.names);
  else run.client.refuse(response, 'it does not please', run.names);
}
