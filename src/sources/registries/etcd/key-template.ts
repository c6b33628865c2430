/** Keys by a template such as `/services/{namespace}/{service}/{instance}`: which part of a key says what. */

export type KeyPart = 'namespace' | 'group' | 'service' | 'instance';
export type KeyParts = Partial<Record<KeyPart, string>>;

export interface KeyTemplate {
  /** What all keys begin with. */
  readonly prefix: string;
  /** Undefined for a key that is none of the template's. */
  readonly match: (key: string) => KeyParts | undefined;
}

/** One segment: a placeholder, or none, in fixed text. */
interface Segment {
  readonly before: string;
  readonly part?: KeyPart;
  readonly after: string;
}

const parts: readonly string[] = ['namespace', 'group', 'service', 'instance'] satisfies KeyPart[];

/** Gives why it is none, as text. */
export function parseKeyTemplate(template: string): KeyTemplate | string {
  const segments: Segment[] = [];
  for (const text of template.split('/')) {
    const segment = parseSegment(text);
    if (segment === undefined)
      return `options.template ${JSON.stringify(template)}: between slashes stands one of ${parts.map((part) => `{${part}}`).join(', ')} at the most`;
    segments.push(segment);
  }
  const named = segments.flatMap(({ part }) => part ?? []);
  if (!named.includes('service')) return 'options.template must hold {service}';
  if (new Set(named).size < named.length) return 'options.template holds a placeholder twice';
  const prefix = template.slice(0, template.indexOf('{'));
  // A store may hold anything else beside; whoever wants all of it is more likely to have forgotten something.
  if (prefix === '') return 'options.template must begin with the text that all keys begin with, such as /services/';
  return { prefix, match: (key: string) => matchKey(segments, key) };
}

function parseSegment(text: string): Segment | undefined {
  const [, before, part, after] = /^([^{}]*)\{([a-z]+)\}([^{}]*)$/.exec(text) ?? [];
  if (before !== undefined && after !== undefined && isPart(part)) return { before, part, after };
  return /[{}]/.test(text) ? undefined : { before: text, after: '' };
}

function isPart(text: string | undefined): text is KeyPart {
  return text !== undefined && parts.includes(text);
}

/** Linear in the key's length, whatever it holds. The last placeholder takes slashes too if it is the instance. */
function matchKey(segments: readonly Segment[], key: string): KeyParts | undefined {
  const texts = key.split('/');
  const last = segments.length - 1;
  if (texts.length < segments.length) return undefined;
  if (texts.length > segments.length) {
    if (segments[last]?.part !== 'instance') return undefined;
    texts.splice(last, Infinity, texts.slice(last).join('/'));
  }
  const found: KeyParts = {};
  for (const [at, { before, part, after }] of segments.entries()) {
    const text = texts[at] ?? '';
    if (part === undefined) {
      if (text !== before) return undefined;
      continue;
    }
    if (text.length <= before.length + after.length || !text.startsWith(before) || !text.endsWith(after))
      return undefined;
    found[part] = text.slice(before.length, text.length - after.length);
  }
  return found;
}
