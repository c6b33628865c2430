/**
 * The number that JSON from elsewhere holds, as a number or as a text; NaN for anything else. Number() itself throws for
 * objects without a primitive value, and for arrays nested by the thousand.
 */
export function numberFrom(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
}
