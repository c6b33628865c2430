/** Weights of a TrafficSplit: whole numbers relative to each other, whatever they were written as. */
import { type Path, type Problems, quote } from '../problem.ts';
import { parseQuantity, type QuantityFault } from '../quantities.ts';

/** What all weights together may be: a proxy counts them in 32 bits. */
const maxTotal = 4_294_967_295;

/** False, and a problem, for weights that no proxy takes. */
export function checkTotal(weights: readonly number[], path: Path, problems: Problems): void {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total <= maxTotal) return;
  problems.add(
    'ISTH0226',
    path,
    `The weights add up to more than ${maxTotal}.`,
    'Write smaller ones in the same ratio.',
  );
}

/** v1alpha1's quantities in the least whole numbers of the same ratio: `1` and `500m` are 2 and 1. */
export function readQuantityWeights(
  weights: readonly (number | string)[],
  path: Path,
  problems: Problems,
): readonly number[] {
  const nanos = weights.map((weight, index) => readWeight(weight, [...path, index, 'weight'], problems));
  const divisor = nanos.reduce(greatestDivisor, 0n);
  const least = nanos.map((one) => Number(one / (divisor === 0n ? 1n : divisor)));
  const total = least.reduce((sum, weight) => sum + weight, 0);
  if (total <= maxTotal) return least;
  const message = `The weights are too far apart: in whole numbers they add up to ${total}.`;
  problems.add('ISTH0226', path, message, 'Write 0 for what is to get next to nothing.');
  return least;
}

const faults: Readonly<Record<QuantityFault, string>> = {
  malformed: 'is no quantity',
  'too fine': 'is finer than a billionth',
  'too large': 'is too large',
};

function readWeight(weight: number | string, path: Path, problems: Problems): bigint {
  const nanos = parseQuantity(String(weight));
  // The CRD has told of texts that are none.
  if (nanos === 'malformed' && typeof weight === 'string') return 0n;
  if (typeof nanos === 'string') problems.add('ISTH0226', path, `${quote(weight)} ${faults[nanos]}.`);
  else if (nanos < 0n) problems.add('ISTH0226', path, `${quote(weight)} is negative.`);
  else return nanos;
  return 0n;
}

function greatestDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}
