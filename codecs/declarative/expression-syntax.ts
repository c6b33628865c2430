/**
 * The grammar of conditions such as `flags & 0x20 && !has(meta.error) || code in 1..5`, from text to a tree.
 *
 *   or      := and ('||' and)*
 *   and     := not ('&&' not)*
 *   not     := '!' not | compare
 *   compare := bits (('==' | '!=' | '<' | '<=' | '>' | '>=') bits | 'in' integer '..' integer)?
 *   bits    := atom (('&' | '|') atom)*
 *   atom    := integer | name | 'has' '(' name ')' | '(' or ')'
 *
 * Unlike in C, `&` and `|` bind tighter than comparisons: `flags & 3 == 1` is what it looks like. Text and nesting are
 * bounded; there are no loops and no functions but `has`.
 */

export type Expression =
  | { readonly form: 'integer'; readonly value: number }
  | { readonly form: 'name'; readonly name: string }
  | { readonly form: 'has'; readonly name: string }
  | { readonly form: 'not'; readonly operand: Expression }
  | { readonly form: 'within'; readonly operand: Expression; readonly from: number; readonly to: number }
  | {
      readonly form: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    };

export type BinaryOperator = '||' | '&&' | '==' | '!=' | '<' | '<=' | '>' | '>=' | '&' | '|';

/** The tree, or what is wrong with the text. */
export type Parsed = { readonly expression: Expression } | { readonly problem: string };

const maxDepth = 16;
const tokenPattern =
  /\s*(\|\||&&|==|!=|<=|>=|\.\.|[<>&|!()]|-?0x[0-9a-fA-F]+|-?\d+|[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*)/y;
const comparisons = ['==', '!=', '<', '<=', '>', '>='] as const;
const bitOperators = ['&', '|'] as const;

class SyntaxProblem {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

export function parseExpression(text: string): Parsed {
  try {
    const parser = new Parser(tokenize(text));
    const expression = parser.or(0);
    parser.expectEnd();
    return { expression };
  } catch (problem) {
    if (problem instanceof SyntaxProblem) return { problem: problem.message };
    throw problem;
  }
}

function tokenize(text: string): readonly string[] {
  const tokens: string[] = [];
  const end = text.trimEnd().length;
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < end) {
    const at = tokenPattern.lastIndex;
    const token = tokenPattern.exec(text)?.[1];
    if (token === undefined) throw new SyntaxProblem(`"${text.slice(at, at + 12).trim()}" is not understood.`);
    tokens.push(token);
  }
  return tokens;
}

class Parser {
  readonly #tokens: readonly string[];
  #next = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  expectEnd(): void {
    const token = this.#tokens[this.#next];
    if (token !== undefined) throw new SyntaxProblem(`Nothing may follow here, but "${token}" does.`);
  }

  or(depth: number): Expression {
    if (depth > maxDepth) throw new SyntaxProblem(`The condition is nested deeper than ${maxDepth}.`);
    return this.#chain(['||'], () => this.#chain(['&&'], () => this.#not(depth)));
  }

  #not(depth: number): Expression {
    if (depth > maxDepth) throw new SyntaxProblem(`The condition is nested deeper than ${maxDepth}.`);
    return this.#take('!') ? { form: 'not', operand: this.#not(depth + 1) } : this.#compare(depth);
  }

  #compare(depth: number): Expression {
    const left = this.#bits(depth);
    if (this.#take('in')) {
      const from = this.#integer();
      if (!this.#take('..')) throw new SyntaxProblem('A range is written as 1..5.');
      return { form: 'within', operand: left, from, to: this.#integer() };
    }
    const operator = comparisons.find((one) => this.#take(one));
    return operator === undefined ? left : { form: 'binary', operator, left, right: this.#bits(depth) };
  }

  #bits(depth: number): Expression {
    return this.#chain(bitOperators, () => this.#atom(depth));
  }

  #chain(operators: readonly BinaryOperator[], operand: () => Expression): Expression {
    let left = operand();
    for (;;) {
      const operator = operators.find((one) => this.#take(one));
      if (operator === undefined) return left;
      left = { form: 'binary', operator, left, right: operand() };
    }
  }

  #atom(depth: number): Expression {
    if (this.#take('(')) {
      const inner = this.or(depth + 1);
      this.#expect(')');
      return inner;
    }
    const token = this.#tokens[this.#next];
    if (token !== undefined && /^-?\d/.test(token)) return { form: 'integer', value: this.#integer() };
    const name = this.#name();
    if (name !== 'has' || !this.#take('(')) return { form: 'name', name };
    const present = this.#name();
    this.#expect(')');
    return { form: 'has', name: present };
  }

  #integer(): number {
    const token = this.#tokens[this.#next++] ?? '';
    const negative = token.startsWith('-');
    const value = Number(negative ? token.slice(1) : token);
    if (token === '' || !Number.isSafeInteger(value)) throw new SyntaxProblem(`A number is expected, not "${token}".`);
    return negative ? -value : value;
  }

  #name(): string {
    const token = this.#tokens[this.#next++];
    if (token === undefined) throw new SyntaxProblem('The condition ends too early.');
    if (!/^[A-Za-z_]/.test(token)) throw new SyntaxProblem(`A name is expected, not "${token}".`);
    return token;
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw new SyntaxProblem(`"${token}" is missing.`);
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#next] !== token) return false;
    this.#next++;
    return true;
  }
}
