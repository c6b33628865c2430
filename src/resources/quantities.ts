/** Kubernetes' quantities: a decimal number with a suffix (`500m`, `2Ki`, `1e3`), read exactly. */

/** Malformed: not of the grammar. Too fine: below a billionth. Too large: beyond 63 bits, as Kubernetes has it. */
export type QuantityFault = 'malformed' | 'too fine' | 'too large';

const grammar = /^([+-]?)(\d+\.?\d*|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;
/** Longer than any number that Kubernetes can hold. */
const maxCharacters = 64;
const decimalSuffixes = new Map(Object.entries({ n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }));
const binarySuffixes = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const nanosOfOne = 10n ** 9n;
const maxNanos = (2n ** 63n - 1n) * nanosOfOne;

/** The quantity in billionths, or why it has none. */
export function parseQuantity(text: string): bigint | QuantityFault {
  const [, sign, number = '', suffix = ''] = (text.length <= maxCharacters ? grammar.exec(text) : null) ?? [];
  if (number === '') return 'malformed';
  const [whole = '', fraction = ''] = number.split('.');
  const digits = BigInt(whole + fraction);
  if (digits === 0n) return 0n;
  const nanos = scale(digits * binaryFactor(suffix), decimalExponent(suffix) - fraction.length + 9);
  if (typeof nanos === 'bigint' && sign === '-') return -nanos;
  return nanos;
}

function binaryFactor(suffix: string): bigint {
  return 2n ** BigInt(10 * (binarySuffixes.indexOf(suffix) + 1));
}

function decimalExponent(suffix: string): number {
  return decimalSuffixes.get(suffix) ?? (/^[eE][+-]?\d/.test(suffix) ? Number(suffix.slice(1)) : 0);
}

/** `value` times ten to the exponent. What the result cannot be is refused before it is computed: exponents are users'. */
function scale(value: bigint, exponent: number): bigint | QuantityFault {
  if (exponent >= maxCharacters) return 'too large';
  if (exponent >= 0) return bounded(value * 10n ** BigInt(exponent));
  if (exponent < -2 * maxCharacters) return 'too fine';
  const divisor = 10n ** BigInt(-exponent);
  return value % divisor === 0n ? bounded(value / divisor) : 'too fine';
}

function bounded(nanos: bigint): bigint | QuantityFault {
  return nanos > maxNanos ? 'too large' : nanos;
}
