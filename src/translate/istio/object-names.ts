/** Names of objects that Kubernetes takes: readable as far as the host allows, and never two alike. */
import { hash } from 'node:crypto';

const longestReadable = 200;

/**
 * `<what>-<readable>-<hash>`, at most 253 characters, lower case, of letters, digits, hyphens and dots. `identity`: all that
 * tells the object from others; the same gives the same name on every replica.
 */
export function objectName(what: string, readable: string, identity: readonly (string | number)[]): string {
  const own = hash('sha256', JSON.stringify([what, ...identity]), 'hex').slice(0, 10);
  return [what, readableName(readable), own].filter((part) => part !== '').join('-');
}

/** What is left of a text when all is taken out that may stand in no name. May be empty. */
export function readableName(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/[-.]*\.[-.]*/g, '.')
    .slice(0, longestReadable)
    .replace(/^[-.]+|[-.]+$/g, '');
}

/** The host, where it is a name that Kubernetes takes; else what is left of it, made unique by a hash. */
export function hostObjectName(host: string): string {
  if (host.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(host)) return host;
  const readable = host
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 200);
  return `${readable === '' ? 'host' : readable.replace(/-$/, '')}-${hash('sha256', host, 'hex').slice(0, 10)}`;
}
