/** What a template becomes for given values. Values are plain: texts, numbers, booleans, null, lists and maps. */
import { IsthmusError } from '../../../model/errors.ts';
import { type Call, isTrue, type TemplateFunctions, textOf } from './functions.ts';
import type { Operand, ParsedTemplate, Pipeline, TemplateNode } from './syntax.ts';

/** Variables, the innermost block last. */
type Scope = readonly Map<string, unknown>[];

export class Rendering {
  readonly #definitions: ReadonlyMap<string, readonly TemplateNode[]>;
  readonly #functions: TemplateFunctions;

  /** `templates`: what is defined in any of them is known in all. */
  constructor(templates: readonly ParsedTemplate[], functions: TemplateFunctions) {
    this.#definitions = new Map(templates.flatMap(({ definitions }) => [...definitions]));
    this.#functions = functions;
  }

  /** Throws INTERNAL for a function that is unknown, and whatever functions throw. */
  render(nodes: readonly TemplateNode[], dot: unknown): string {
    return this.#all(nodes, dot, [new Map([['$', dot]])]);
  }

  #all(nodes: readonly TemplateNode[], dot: unknown, outer: Scope): string {
    const scope = [...outer, new Map<string, unknown>()];
    return nodes.map((node) => this.#one(node, dot, scope)).join('');
  }

  #one(node: TemplateNode, dot: unknown, scope: Scope): string {
    switch (node.is) {
      case 'text':
        return node.text;
      case 'print':
        return textOf(this.#value(node.pipeline, dot, scope));
      case 'assign': {
        const holder = node.declares ? scope.at(-1) : scope.findLast((one) => one.has(node.name));
        holder?.set(node.name, this.#value(node.pipeline, dot, scope));
        return '';
      }
      case 'if':
      case 'with': {
        const value = this.#value(node.pipeline, dot, scope);
        if (!isTrue(value)) return this.#all(node.otherwise, dot, scope);
        return this.#all(node.then, node.is === 'with' ? value : dot, scope);
      }
      case 'range': {
        const entries = entriesOf(this.#value(node.pipeline, dot, scope));
        if (entries.length === 0) return this.#all(node.otherwise, dot, scope);
        return entries.map(([key, value]) => this.#round(node, key, value, scope)).join('');
      }
    }
  }

  #round(
    { variables, then }: Extract<TemplateNode, { readonly is: 'range' }>,
    key: unknown,
    value: unknown,
    scope: Scope,
  ): string {
    const given = variables.length === 1 ? [value] : [key, value];
    return this.#all(then, value, [...scope, new Map(variables.map((name, at) => [name, given[at]]))]);
  }

  #value(pipeline: Pipeline, dot: unknown, scope: Scope): unknown {
    return pipeline.reduce<{ readonly value: unknown } | undefined>(
      (piped, command) => ({ value: this.#command(command, piped === undefined ? [] : [piped.value], dot, scope) }),
      undefined,
    )?.value;
  }

  #command([first, ...rest]: readonly Operand[], piped: readonly unknown[], dot: unknown, scope: Scope): unknown {
    if (first === undefined) return undefined;
    const given = (): readonly unknown[] => [...rest.map((one) => this.#operand(one, dot, scope)), ...piped];
    if (first.is === 'function') return this.#call(first.name, given);
    const value = this.#operand(first, dot, scope);
    if (typeof value === 'function') return value(...given());
    if (rest.length + piped.length > 0) throw new IsthmusError('INTERNAL', 'A template calls what is no function.');
    return value;
  }

  #call(name: string, given: () => readonly unknown[]): unknown {
    if (name === 'include') {
      const [definition, dot] = given();
      const nodes = this.#definitions.get(String(definition));
      if (nodes === undefined) throw new IsthmusError('INTERNAL', `No template defines "${String(definition)}".`);
      return this.render(nodes, dot);
    }
    const call: Call | undefined = this.#functions.get(name);
    if (call === undefined) throw new IsthmusError('INTERNAL', `A template calls ${name}, which is not known here.`);
    return call(...given());
  }

  #operand(operand: Operand, dot: unknown, scope: Scope): unknown {
    switch (operand.is) {
      case 'literal':
        return operand.value;
      case 'function':
        return this.#call(operand.name, () => []);
      case 'nested':
        return dig(this.#value(operand.pipeline, dot, scope), operand.fields);
      case 'path': {
        const from = operand.from === '.' ? dot : scope.findLast((one) => one.has(operand.from))?.get(operand.from);
        return dig(from, operand.fields);
      }
    }
  }
}

function dig(value: unknown, fields: readonly string[]): unknown {
  return fields.reduce<unknown>(
    (at, field) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, field) ? Reflect.get(at, field) : undefined,
    value,
  );
}

/** Maps in the order of their keys, as Go ranges over them. */
function entriesOf(value: unknown): readonly (readonly [unknown, unknown])[] {
  if (Array.isArray(value)) return value.map((one: unknown, at) => [at, one]);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}
