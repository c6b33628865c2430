/** What a frame is: rules on its fields in order, else the side that sent it. And whether a response is an error. */
import { FrameKind } from '../codec.ts';
import { readCondition } from './conditions.ts';
import type { DocumentNode } from './document.ts';
import type { Evaluate, Values } from './values.ts';

export interface Kinds {
  /** The FrameKind by the rules alone; undefined when the side tells it. */
  readonly kind: ((bytes: Buffer, start: number, end: number, side: number) => FrameKind) | undefined;
  /** Whether a response reports an error; undefined when the protocol cannot say it. */
  readonly failed: Evaluate | undefined;
  readonly possible: ReadonlySet<FrameKind>;
}

const kindsByName: Readonly<Record<string, FrameKind>> = {
  ...FrameKind,
  // As MetaProtocol's documents write them.
  stream_init: FrameKind.streamInit,
  stream_data: FrameKind.streamData,
  stream_close_one_way: FrameKind.streamCloseOneWay,
  stream_close: FrameKind.streamCloseTwoWay,
};
const bySide = 'bySide';
const maxRules = 64;

export function readKinds(kind: DocumentNode, status: DocumentNode, values: Values): Kinds {
  const part = kind.members('default', 'rules');
  const names = Object.keys(kindsByName);
  const fallbackName = part('default').choice([bySide, ...names], bySide);
  const rules = part('rules')
    .items(maxRules)
    .map((rule) => {
      const of = rule.members('when', 'kind');
      const name = of('kind').choice(names, '');
      if (name === '') of('kind').problem('The rule gives no kind.', `Use one of ${names.join(', ')}.`);
      return { when: readCondition(of('when'), values), kind: kindsByName[name] ?? FrameKind.request };
    });
  const error = status.members('error')('error');
  const fallback = kindsByName[fallbackName];
  return {
    kind: rules.length === 0 && fallback === undefined ? undefined : ruled(rules, fallback),
    failed: error.absent ? undefined : readCondition(error, values),
    possible: new Set([
      ...rules.map((rule) => rule.kind),
      ...(fallback === undefined ? [FrameKind.request, FrameKind.response] : [fallback]),
    ]),
  };
}

function ruled(
  rules: readonly { readonly when: Evaluate; readonly kind: FrameKind }[],
  fallback: FrameKind | undefined,
): Kinds['kind'] {
  return (bytes, start, end, side) => {
    for (const rule of rules) if (rule.when(bytes, start, end, side) !== 0) return rule.kind;
    return fallback ?? (side === 0 ? FrameKind.request : FrameKind.response);
  };
}
