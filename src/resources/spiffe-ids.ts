/** SPIFFE ids, as the SPIFFE-ID standard and its bounds have them. */

const scheme = 'spiffe://';

/** The whole id, with the scheme where a user left it out; undefined for what is none, or names no workload. */
export function readSpiffeId(text: string): string | undefined {
  const id = text.startsWith(scheme) ? text : `${scheme}${text}`;
  const [trustDomain = '', ...segments] = id.slice(scheme.length).split('/');
  const isValid =
    id.length <= 2048 &&
    trustDomain.length <= 255 &&
    /^[a-z0-9._-]+$/.test(trustDomain) &&
    segments.length > 0 &&
    segments.every((segment) => /^[A-Za-z0-9._-]+$/.test(segment) && segment !== '.' && segment !== '..');
  return isValid ? id : undefined;
}
