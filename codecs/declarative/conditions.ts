/** Conditions from a description, compiled: a tree of closures in which every name is already looked up. */
import type { DocumentNode } from './document.ts';
import { type BinaryOperator, type Expression, parseExpression } from './expression-syntax.ts';
import type { Evaluate, Values } from './values.ts';

const maxLength = 512;
/** Names that stand for numbers: `side == response` asks which side of the connection sent the frame. */
const constants: Readonly<Record<string, number>> = { request: 0, response: 1 };

export const reservedNames: readonly string[] = ['side', 'request', 'response', 'has', 'in', 'requestId', 'message'];

/** The condition at this node; 1 when it holds, else 0. */
export function readCondition(node: DocumentNode, values: Values): Evaluate {
  const parsed = parseExpression(node.text(undefined, maxLength));
  if ('problem' in parsed) {
    node.problem(parsed.problem, 'Write comparisons of fields and whole numbers, joined by && and ||.');
    return () => 0;
  }
  const evaluate = compile(parsed.expression, { node, values });
  return (bytes, start, end, side) => (evaluate(bytes, start, end, side) === 0 ? 0 : 1);
}

interface Scope {
  readonly node: DocumentNode;
  readonly values: Values;
}

function compile(expression: Expression, scope: Scope): Evaluate {
  switch (expression.form) {
    case 'integer':
      return constant(expression.value);
    case 'name':
      return compileName(expression.name, scope);
    case 'has':
      return scope.values.get(expression.name)?.present ?? unknownName(expression.name, scope);
    case 'not': {
      const operand = compile(expression.operand, scope);
      return (bytes, start, end, side) => (operand(bytes, start, end, side) === 0 ? 1 : 0);
    }
    case 'within': {
      const { from, to } = expression;
      const operand = compile(expression.operand, scope);
      return (bytes, start, end, side) => {
        const value = operand(bytes, start, end, side);
        return value >= from && value <= to ? 1 : 0;
      };
    }
    case 'binary':
      return compileBinary(expression.operator, expression.left, expression.right, scope);
  }
}

function compileName(name: string, scope: Scope): Evaluate {
  const value = scope.values.get(name);
  if (value?.form === 'integer') return value.number;
  if (value !== undefined) {
    scope.node.problem(`"${name}" is no number.`, `Ask whether it is there by has(${name}), or name an integer field.`);
    return constant(0);
  }
  if (name === 'side') return (_bytes, _start, _end, side) => side;
  const known = Object.hasOwn(constants, name) ? constants[name] : undefined;
  return known === undefined ? unknownName(name, scope) : constant(known);
}

function unknownName(name: string, scope: Scope): Evaluate {
  const names = [...scope.values.keys(), 'side'].join(', ');
  scope.node.problem(`There is no "${name}".`, `Declare it under fields or in a section; there are ${names}.`);
  return constant(0);
}

function constant(value: number): Evaluate {
  return () => value;
}

function compileBinary(operator: BinaryOperator, left: Expression, right: Expression, scope: Scope): Evaluate {
  if (operator === '&' || operator === '|') {
    refuseWide(left, scope);
    refuseWide(right, scope);
  }
  const a = compile(left, scope);
  const b = compile(right, scope);
  switch (operator) {
    case '||':
      return (bytes, start, end, side) => (a(bytes, start, end, side) || b(bytes, start, end, side) ? 1 : 0);
    case '&&':
      return (bytes, start, end, side) => (a(bytes, start, end, side) && b(bytes, start, end, side) ? 1 : 0);
    case '==':
      return (bytes, start, end, side) => (a(bytes, start, end, side) === b(bytes, start, end, side) ? 1 : 0);
    case '!=':
      return (bytes, start, end, side) => (a(bytes, start, end, side) !== b(bytes, start, end, side) ? 1 : 0);
    case '<':
      return (bytes, start, end, side) => (a(bytes, start, end, side) < b(bytes, start, end, side) ? 1 : 0);
    case '<=':
      return (bytes, start, end, side) => (a(bytes, start, end, side) <= b(bytes, start, end, side) ? 1 : 0);
    case '>':
      return (bytes, start, end, side) => (a(bytes, start, end, side) > b(bytes, start, end, side) ? 1 : 0);
    case '>=':
      return (bytes, start, end, side) => (a(bytes, start, end, side) >= b(bytes, start, end, side) ? 1 : 0);
    case '&':
      return (bytes, start, end, side) => (a(bytes, start, end, side) & b(bytes, start, end, side)) >>> 0;
    case '|':
      return (bytes, start, end, side) => (a(bytes, start, end, side) | b(bytes, start, end, side)) >>> 0;
  }
}

function refuseWide(operand: Expression, scope: Scope): void {
  const value = operand.form === 'name' ? scope.values.get(operand.name) : undefined;
  const wide = value?.form === 'integer' ? value.wide : operand.form === 'integer' && operand.value > 0xffff_ffff;
  if (!wide) return;
  scope.node.problem(
    'Bits of a number of more than 32 bits are asked for.',
    'Declare the half that holds them as a field.',
  );
}
