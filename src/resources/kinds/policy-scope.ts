/** Whom a policy of security.istio.io is for. */
import { checkLabels } from '../label-rules.ts';
import { isMap } from '../plain-values.ts';
import type { Problems } from '../problem.ts';
import type { PolicyScope, PolicyTarget } from '../types/istio-security.ts';

interface TargetContent {
  readonly group?: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

interface ScopeContent {
  readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly targetRef?: TargetContent;
  readonly targetRefs?: readonly TargetContent[];
}

export function checkScope({ selector, targetRef, targetRefs = [] }: ScopeContent, problems: Problems): void {
  checkLabels(selector?.matchLabels ?? {}, ['spec', 'selector', 'matchLabels'], problems);
  const targets = targetRefs.length > 0 || targetRef !== undefined;
  if (selector !== undefined && targets)
    problems.add('ISTH0206', ['spec', 'selector'], 'selector and targetRefs exclude each other.');
}

export function readScope({ selector, targetRef, targetRefs = [] }: ScopeContent): PolicyScope {
  return {
    ...(selector === undefined ? {} : { selector: { matchLabels: selector.matchLabels ?? {} } }),
    targetRefs: [...(targetRef === undefined ? [] : [targetRef]), ...targetRefs].map(readTarget),
  };
}

function readTarget({ group = '', kind, name, namespace }: TargetContent): PolicyTarget {
  return { group, kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

/** Whom a policy is for whose spec cannot be read as a whole: rather more workloads than are meant than fewer. */
export function scopeAsFarAsRead(spec: unknown): PolicyScope {
  const { selector, targetRef, targetRefs } = isMap(spec) ? spec : {};
  const targets = [targetRef, ...(Array.isArray(targetRefs) ? targetRefs : [])].filter(isTarget);
  if (selector === undefined && targets.length > 0)
    return { targetRefs: targets.map(({ kind, name }) => readTarget({ kind, name })) };
  const labels = isMap(selector) && isMap(selector.matchLabels) ? selector.matchLabels : {};
  const matchLabels = Object.fromEntries(
    Object.entries(labels).flatMap(([name, text]) => (typeof text === 'string' ? [[name, text]] : [])),
  );
  return { selector: { matchLabels }, targetRefs: [] };
}

function isTarget(value: unknown): value is { readonly kind: string; readonly name: string } {
  return isMap(value) && typeof value.kind === 'string' && typeof value.name === 'string';
}
