/**
 * The part of Go's template language that our Helm chart is written in, as a tree. What stands outside of that part is
 * refused when the chart is read, never passed over: a test renders the chart with Helm as well, and both must agree.
 */
import { IsthmusError } from '../../../model/errors.ts';
import { type Token, tokensOf } from './tokens.ts';

export type Operand =
  | { readonly is: 'literal'; readonly value: string | number | boolean | null }
  /** `.a.b`, `$.a.b` or `$x.a`: from the dot, the root or a variable. */
  | { readonly is: 'path'; readonly from: string; readonly fields: readonly string[] }
  | { readonly is: 'function'; readonly name: string }
  | { readonly is: 'nested'; readonly pipeline: Pipeline; readonly fields: readonly string[] };

/** Commands, each given what the one before it made as its last argument. */
export type Pipeline = readonly (readonly Operand[])[];

export type TemplateNode =
  | { readonly is: 'text'; readonly text: string }
  | { readonly is: 'print'; readonly pipeline: Pipeline }
  | { readonly is: 'assign'; readonly name: string; readonly declares: boolean; readonly pipeline: Pipeline }
  | Choice
  | Loop;

/** `if` and `with`; `with` changes the dot. */
interface Choice {
  readonly is: 'if' | 'with';
  readonly pipeline: Pipeline;
  readonly then: readonly TemplateNode[];
  readonly otherwise: readonly TemplateNode[];
}

interface Loop {
  readonly is: 'range';
  /** None, that of the value, or those of the key and the value. */
  readonly variables: readonly string[];
  readonly pipeline: Pipeline;
  readonly then: readonly TemplateNode[];
  readonly otherwise: readonly TemplateNode[];
}

export interface ParsedTemplate {
  readonly nodes: readonly TemplateNode[];
  /** By name: what `include` finds. */
  readonly definitions: ReadonlyMap<string, readonly TemplateNode[]>;
}

/** Throws INTERNAL where the text is not of our part of the language: the chart is ours, so that is a defect. */
export function parseTemplate(file: string, text: string): ParsedTemplate {
  const parser = new Parser(file, tokensOf(file, text));
  const nodes = parser.block([]);
  return { nodes, definitions: parser.definitions };
}

type Action = Extract<Token, { readonly is: 'action' }>;

class Parser {
  readonly definitions = new Map<string, readonly TemplateNode[]>();
  readonly #file: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(file: string, tokens: readonly Token[]) {
    this.#file = file;
    this.#tokens = tokens;
  }

  /** Up to an action that begins with one of the words, which is not taken; to the end where there are none. */
  block(until: readonly string[]): readonly TemplateNode[] {
    const nodes: TemplateNode[] = [];
    for (let token = this.#tokens[this.#at]; token !== undefined; token = this.#tokens[this.#at]) {
      if (token.is === 'action' && until.includes(token.words[0] ?? '')) return nodes;
      this.#at += 1;
      if (token.is === 'text') nodes.push(token);
      else nodes.push(...this.#action(token));
    }
    if (until.length > 0) throw this.#fault(`${until.join(' or ')} is missing`);
    return nodes;
  }

  #action(action: Action): readonly TemplateNode[] {
    const [first = '', ...rest] = action.words;
    if (first === 'define') {
      this.definitions.set(this.#name(rest), this.#body().then);
      return [];
    }
    if (first === 'if' || first === 'with') {
      const pipeline = this.#pipeline(rest);
      return [{ is: first, pipeline, ...this.#body() }];
    }
    if (first === 'range') {
      const at = rest.indexOf(':=');
      const variables = at < 0 ? [] : rest.slice(0, at).filter((word) => word !== ',');
      return [{ is: 'range', variables, pipeline: this.#pipeline(rest.slice(at + 1)), ...this.#body() }];
    }
    if (first.startsWith('$') && (rest[0] === ':=' || rest[0] === '=')) {
      const pipeline = this.#pipeline(rest.slice(1));
      return [{ is: 'assign', name: first, declares: rest[0] === ':=', pipeline }];
    }
    return [{ is: 'print', pipeline: this.#pipeline(action.words) }];
  }

  /** What stands between an action and its end, with what stands behind else. */
  #body(): { readonly then: readonly TemplateNode[]; readonly otherwise: readonly TemplateNode[] } {
    const then = this.block(['else', 'end']);
    const words = this.#take();
    if (words[0] === 'end') return { then, otherwise: [] };
    if (words.length === 1) {
      const otherwise = this.block(['end']);
      this.#take();
      return { then, otherwise };
    }
    if (words[1] !== 'if') throw this.#fault(`"${words.join(' ')}" is not read`);
    const pipeline = this.#pipeline(words.slice(2));
    return { then, otherwise: [{ is: 'if', pipeline, ...this.#body() }] };
  }

  #take(): readonly string[] {
    const token = this.#tokens[this.#at];
    this.#at += 1;
    return token?.is === 'action' ? token.words : [];
  }

  #name(words: readonly string[]): string {
    const value = literalOf(words[0] ?? '');
    if (typeof value === 'string' && words.length === 1) return value;
    throw this.#fault('define needs a name');
  }

  #pipeline(words: readonly string[]): Pipeline {
    const { pipeline, next } = this.#commands(words, 0);
    if (next < words.length) throw this.#fault(`"${words[next]}" is not read`);
    return pipeline;
  }

  #commands(words: readonly string[], start: number): { readonly pipeline: Pipeline; readonly next: number } {
    const pipeline: Operand[][] = [[]];
    let at = start;
    for (; at < words.length && words[at] !== ')'; at++) {
      const word = words[at] ?? '';
      if (word === '|') pipeline.push([]);
      else if (word === '(') {
        const inner = this.#commands(words, at + 1);
        const closing = words[inner.next];
        if (closing !== ')') throw this.#fault('a parenthesis is not closed');
        const follows = words[inner.next + 1] ?? '';
        const isChained = follows.startsWith('.') && follows.endsWith('~chained');
        const fields = isChained ? follows.slice(1, -'~chained'.length).split('.') : [];
        pipeline.at(-1)?.push({ is: 'nested', pipeline: inner.pipeline, fields });
        at = inner.next + (isChained ? 1 : 0);
      } else pipeline.at(-1)?.push(this.#operand(word));
    }
    if (pipeline.some((command) => command.length === 0)) throw this.#fault('a command is empty');
    return { pipeline, next: at };
  }

  #operand(word: string): Operand {
    const value = literalOf(word);
    if (value !== undefined) return { is: 'literal', value };
    const path = /^(\$\w*)?((?:\.\w+)*)\.?$/.exec(word);
    if (path !== null && word !== '') {
      const fields = (path[2] ?? '').split('.').filter((field) => field !== '');
      return { is: 'path', from: path[1] ?? '.', fields };
    }
    if (/^[A-Za-z]\w*$/.test(word)) return { is: 'function', name: word };
    throw this.#fault(`"${word}" is not read`);
  }

  #fault(text: string): IsthmusError {
    return new IsthmusError('INTERNAL', `${this.#file}: ${text}.`);
  }
}

function literalOf(word: string): string | number | boolean | null | undefined {
  if (word.startsWith('"')) return String(JSON.parse(word));
  if (word.startsWith('`')) return word.slice(1, -1);
  if (word === 'true' || word === 'false') return word === 'true';
  if (word === 'nil') return null;
  return /^-?\d+(\.\d+)?$/.test(word) ? Number(word) : undefined;
}
