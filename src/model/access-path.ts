/**
 * The path of a request as access rules see it: without its query, and made plain in the way in which the mesh's HTTP
 * listeners have it made plain before they decide and before the workload sees it (normalize_path, merge_slashes,
 * escaped slashes refused). Each step is one that a live Envoy 1.40 was seen to take.
 */

/** Of a request's target in origin form. Undefined where the proxy takes no such request. */
export function enforcedPath(target: string): string | undefined {
  const query = target.indexOf('?');
  const path = query === -1 ? target : target.slice(0, query);
  if (!path.startsWith('/') || hasForbidden(target) || /%(?:2f|5c|00)/i.test(path)) return undefined;
  return withoutRepeatedSlashes(resolved(escaped(unescaped(withPlainDots(path)))));
}

/** Blanks, control characters and fragments. */
function hasForbidden(target: string): boolean {
  for (let at = 0; at < target.length; at++) {
    const code = target.charCodeAt(at);
    if (code <= 0x20 || code === 0x7f) return true;
  }
  return target.includes('#');
}

/** A dot segment is one with parameters, too: some servers drop these first. */
function withPlainDots(path: string): string {
  return path.replace(/(?<=\/\.\.?);[^/]*/g, '');
}

/** Of what needs no escape; a percent sign that was none of an escape does not become one's by it. */
function unescaped(path: string): string {
  return path
    .replace(/%(?![0-9a-f]{2})/gi, '\0')
    .replace(/%(?:[46][1-9a-f]|[57][0-9a]|3[0-9]|2[de]|5f|7e)/gi, (written) =>
      String.fromCharCode(Number.parseInt(written.slice(1), 16)),
    )
    .replaceAll(/\0([0-9a-f]{2})?/gi, (_, digits: string | undefined) => (digits === undefined ? '%' : `%25${digits}`));
}

function escaped(path: string): string {
  const encoder = new TextEncoder();
  return path.replace(/[^\x21\x23-\x3b\x3d\x3f-\x5d\x5f\x61-\x7a\x7e]+/g, (unsafe) =>
    Array.from(encoder.encode(unsafe), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}

/** Dot segments taken out, with either slash between segments. What is above the root is the root. */
function resolved(path: string): string {
  const segments = path.split(/[/\\]/).slice(1);
  const kept: string[] = [];
  for (const segment of segments) {
    if (segment === '..') kept.pop();
    else if (segment !== '.') kept.push(segment);
  }
  const last = segments.at(-1);
  return `/${kept.join('/')}${(last === '.' || last === '..') && kept.length > 0 ? '/' : ''}`;
}

/** Of slashes alone, two are left. */
function withoutRepeatedSlashes(path: string): string {
  if (!path.includes('//')) return path;
  const segments = path.split('/').filter((segment) => segment !== '');
  return `/${segments.join('/')}${path.endsWith('/') ? '/' : ''}`;
}
