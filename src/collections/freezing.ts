/**
 * Freezes a value and all it holds, so that a test sees whoever writes to shared data. Bytes cannot be frozen and stay as
 * they are.
 */
export function deepFreeze(value: unknown): void {
  freeze(value, new Set());
}

function freeze(value: unknown, seen: Set<object>): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value)) return;
  seen.add(value);
  Object.freeze(value);
  for (const part of Object.values(value)) freeze(part, seen);
}
