/** Whom a policy of security.istio.io is for. */
import { checkLabels } from '../label-rules.ts';
import type { Problems } from '../problem.ts';
import type { PolicyScope } from '../types/istio-security.ts';

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
    targetRefs: [...(targetRef === undefined ? [] : [targetRef]), ...targetRefs].map(
      ({ group = '', kind, name, namespace }) => ({
        group,
        kind,
        name,
        ...(namespace === undefined ? {} : { namespace }),
      }),
    ),
  };
}
