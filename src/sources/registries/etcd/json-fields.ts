/** Members of JSON that came from elsewhere: whatever it is, asking for one does no harm. */
import { numberFrom } from '../json-number.ts';

export function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

/** Undefined for what is no text, and for the empty one. */
export function textOf(value: unknown, key: string): string | undefined {
  const found = fieldOf(value, key);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** The gateway writes 64-bit numbers as text, and leaves out 0. */
export function numberOf(value: unknown, key: string): number {
  return numberFrom(fieldOf(value, key) ?? 0);
}

export function listOf(value: unknown, key: string): readonly unknown[] {
  const found = fieldOf(value, key);
  return Array.isArray(found) ? found : [];
}
