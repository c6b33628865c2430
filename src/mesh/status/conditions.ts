/**
 * The conditions of rules from what is known of an object. All types are there from the first sight of it, as Unknown.
 *
 *   Accepted      it was read and is valid
 *   ResolvedRefs  all that it names is there
 *   Programmed    every proxy that is there has taken what is made of it, and Istio is told of it; there is something to take
 *   Enforced      all that it asks for is done
 */
import type { Finding } from '../../model/finding.ts';
import { catalogue } from '../../model/finding-catalogue.ts';
import {
  type Condition,
  type Programming,
  type ProxyRefusal,
  type SomeProxies,
  withoutProxies,
} from '../../model/object-status.ts';
import { listed, quoted, withRemedy } from './finding-list.ts';
import { type FindingMeaning, meaningOf, reasonsOfOpenAccess } from './finding-meanings.ts';

export interface ObjectFacts {
  /** Of its latest version, whatever became of it. */
  readonly generation: number | undefined;
  /** Of the version that is in force; undefined where none is. */
  readonly inForce: { readonly generation: number | undefined } | undefined;
  /** Why its latest version was refused where it was read; empty where it was not. */
  readonly refusedFor: readonly Finding[];
  /** What was found about what is in force. */
  readonly findings: readonly Finding[];
  /** Those of them for which nothing of it can be programmed; empty where something can. */
  readonly nothing: readonly Finding[];
  readonly programming: Programming | undefined;
}

export function accepted({ inForce, refusedFor, findings }: ObjectFacts): Condition {
  const type = 'Accepted';
  if (refusedFor.length > 0) {
    const kept = inForce?.generation === undefined ? '' : ` Generation ${inForce.generation} stays in force.`;
    return { type, status: 'False', reason: 'Invalid', message: `${listed(refusedFor)}${kept}` };
  }
  if (inForce === undefined) return { type, status: 'Unknown', reason: 'Pending', message: 'It was not read yet.' };
  const refusals = meaning(findings, 'refusal');
  if (refusals.length > 0) return { type, status: 'False', reason: 'NotPermitted', message: listed(refusals) };
  return { type, status: 'True', reason: 'Accepted', message: 'It is valid.' };
}

export function resolvedRefs(facts: ObjectFacts): Condition {
  const type = 'ResolvedRefs';
  const unknown = unjudged(type, facts);
  if (unknown !== undefined) return unknown;
  const missing = meaning(facts.findings, 'reference');
  return missing.length > 0
    ? { type, status: 'False', reason: 'RefNotFound', message: listed(missing) }
    : { type, status: 'True', reason: 'ResolvedRefs', message: 'All that it names is there.' };
}

export function enforced(facts: ObjectFacts): Condition {
  const type = 'Enforced';
  const unknown = unjudged(type, facts);
  if (unknown !== undefined) return unknown;
  const conflicts = meaning(facts.findings, 'conflict');
  const losses = facts.findings.filter((one) => meaningOf(one) !== 'advice');
  if (losses.length === 0)
    return { type, status: 'True', reason: 'Enforced', message: 'All that it asks for is done.' };
  const [open] = losses.flatMap(({ code }) => reasonsOfOpenAccess.get(code) ?? []);
  const reason = open ?? (conflicts.length > 0 ? 'Conflicted' : 'NotEnforced');
  return { type, status: 'False', reason, message: listed(losses) };
}

export function programmed(facts: ObjectFacts): Condition {
  const type = 'Programmed';
  const { generation, inForce, refusedFor, findings, nothing, programming } = facts;
  if (refusedFor.length > 0) {
    const message =
      inForce === undefined
        ? 'It is not valid: Accepted says why.'
        : 'It is not valid, as Accepted says: what was valid before is in force.';
    return { type, status: 'False', reason: 'Invalid', message };
  }
  const unwritten = meaning(findings, 'unwritten');
  if (unwritten.length > 0) return { type, status: 'False', reason: 'NotWritten', message: listed(unwritten) };
  if (nothing.length > 0 && inForce !== undefined)
    return { type, status: 'False', reason: 'NothingToProgram', message: listed(nothing) };
  if (inForce === undefined || programming === undefined || programming.generation !== generation)
    return { type, status: 'Unknown', reason: 'Pending', message: 'Proxies have yet to be told.' };
  const { state, refusal, waitsFor } = programming;
  if (refusal !== undefined)
    return { type, status: 'False', reason: 'RefusedByProxies', message: refusalWords(refusal) };
  if (state === 'pending') return { type, status: 'Unknown', reason: 'Pending', message: pendingWords(waitsFor) };
  return programming.isWithoutProxies === true
    ? { type, status: 'True', reason: withoutProxies, message: 'No proxy is connected: those that come take it.' }
    : { type, status: 'True', reason: 'Programmed', message: 'Every proxy that is connected has taken it.' };
}

/** Of what is not in force at its latest version, nothing was judged. */
function unjudged(type: string, { inForce, refusedFor }: ObjectFacts): Condition | undefined {
  if (refusedFor.length === 0 && inForce !== undefined) return undefined;
  const reason = refusedFor.length > 0 ? 'Invalid' : 'Pending';
  return { type, status: 'Unknown', reason, message: 'It was not looked at: it is not accepted.' };
}

function refusalWords({ reason, ...who }: ProxyRefusal): string {
  const text = `ISTH0801: ${counted(who)} ${who.count === 1 ? 'refuses' : 'refuse'} it (${named(who)})`;
  const words = quoted(reason || 'no reason is given');
  return withRemedy(`${text}: ${words}`, catalogue.ISTH0801.remedy);
}

function pendingWords(who: SomeProxies | undefined): string {
  if (who === undefined) return 'Proxies have yet to take it.';
  const text = `${counted(who)} ${who.count === 1 ? 'has' : 'have'} yet to take it (${named(who)})`;
  return withRemedy(text, 'isthmus proxy-status shows what each has: restart one that hangs.');
}

function counted({ count }: SomeProxies): string {
  return count === 1 ? '1 proxy' : `${count} proxies`;
}

function named({ count, proxies }: SomeProxies): string {
  const names = proxies.map((name) => quoted(name, longestName));
  return `${names.join(', ')}${count > proxies.length ? ` and ${count - proxies.length} more` : ''}`;
}

function meaning(findings: readonly Finding[], wanted: FindingMeaning): readonly Finding[] {
  return findings.filter((one) => meaningOf(one) === wanted);
}

/** Of a proxy. */
const longestName = 200;
