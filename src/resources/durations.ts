/**
 * Durations as the published APIs write them: Go's form (`1h30m`, `100ms`, `1.5s`) of which proto-JSON's (`60s`,
 * `0.020s`) is a part. Days are not a unit of either; no number stands without a unit, but for zero.
 */
const unitMs: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 0.001,
  '\u00b5s': 0.001,
  '\u03bcs': 0.001,
  ns: 0.000_001,
};

/** proto-JSON's own bound, 10,000 years: keeps every sum far within what a number holds exactly. */
const maxMs = 315_576_000_000_000;

/** Milliseconds, perhaps with a fraction, perhaps negative; undefined for what is no duration or beyond 10,000 years. */
export function parseDuration(text: string): number | undefined {
  if (text.length > 64) return undefined;
  const sign = text.startsWith('-') ? -1 : 1;
  const body = sign === -1 || text.startsWith('+') ? text.slice(1) : text;
  if (body === '0') return 0;
  const part = /(\d+(?:\.\d*)?|\.\d+)(h|ms|m|s|us|\u00b5s|\u03bcs|ns)/y;
  let total = 0;
  while (part.lastIndex < body.length) {
    const match = part.exec(body);
    if (match === null) return undefined;
    total += Number(match[1]) * (unitMs[match[2] ?? ''] ?? Number.NaN);
  }
  return body === '' || !(total <= maxMs) ? undefined : sign * total;
}
