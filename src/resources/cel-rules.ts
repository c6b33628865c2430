/**
 * The CEL rules (`x-kubernetes-validations`) of a schema, compiled once. A rule that does not hold, or that cannot be
 * evaluated on what a user wrote, is a problem at the place of its `self`; nothing a user writes makes this throw.
 */
import { Environment, type ParseResult } from '@marcbachmann/cel-js';
import { IsthmusError, messageOf } from '../model/errors.ts';
import { isMap } from './plain-values.ts';
import type { Path, Problems } from './problem.ts';
import type { CelRule, Schema } from './schema-language.ts';

/** One node of a schema that has rules, or has such nodes below it. */
interface RuleNode {
  readonly rules: readonly { readonly message: string; readonly program: ParseResult }[];
  readonly members: ReadonlyMap<string, RuleNode>;
  /** For the items of a list and the values of a map. */
  readonly each?: RuleNode;
}

const environment = new Environment({ unlistedVariablesAreDyn: true });

/** Throws INTERNAL for a rule that is not CEL: the schema is ours, so that is a defect. */
export function compileCelRules(schema: Schema): (value: unknown, problems: Problems) => void {
  const root = compileNode(schema);
  return (value, problems) => {
    if (root !== undefined) checkNode(root, value, [], problems);
  };
}

function compileNode(schema: Schema): RuleNode | undefined {
  const rules = (schema['x-kubernetes-validations'] ?? []).map(compileRule);
  const members = new Map<string, RuleNode>();
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    const node = compileNode(member);
    if (node !== undefined) members.set(name, node);
  }
  const inner = schema.items ?? schema.additionalProperties;
  const each = inner === undefined ? undefined : compileNode(inner);
  if (rules.length === 0 && members.size === 0 && each === undefined) return undefined;
  return { rules, members, ...(each === undefined ? {} : { each }) };
}

function compileRule({ rule, message }: CelRule): RuleNode['rules'][number] {
  try {
    return { message, program: environment.parse(rule) };
  } catch (cause) {
    throw new IsthmusError('INTERNAL', `The rule ${rule} is not CEL.`, { cause });
  }
}

function checkNode(node: RuleNode, value: unknown, path: Path, problems: Problems): void {
  for (const { program, message } of node.rules) {
    const fault = evaluate(program, value);
    if (fault !== undefined) problems.add('ISTH0107', path, `${message}${fault}.`);
  }
  if (isMap(value)) {
    for (const [name, member] of node.members) {
      if (Object.hasOwn(value, name)) checkNode(member, value[name], [...path, name], problems);
    }
  }
  if (node.each === undefined) return;
  const entries = Array.isArray(value) ? value.entries() : isMap(value) ? Object.entries(value) : [];
  for (const [key, item] of entries) checkNode(node.each, item, [...path, key], problems);
}

/** Undefined when the rule holds; else what to add to its message. */
function evaluate(program: ParseResult, self: unknown): string | undefined {
  try {
    const result: unknown = program({ self });
    return result === true ? undefined : '';
  } catch (error) {
    return ` (${messageOf(error).split('\n', 1)[0]})`;
  }
}
