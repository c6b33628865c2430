/** A response that a proxy refused: which resources, in the proxy's own words, and when that is over. */

const MAX_WORDS = 500;
const MAX_SEARCHED = 8192;

export interface RefusedResponse {
  readonly nonce: string;
  readonly version: string;
  /** The resources that the proxy named, or all of the response when it named none. */
  readonly names: readonly string[];
  /** Whether the proxy named them: then only their acknowledgement, or their removal, mends it. */
  readonly named: boolean;
  readonly code: number;
  /** The proxy's words on one line, without control characters, at most 500 characters. */
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export function refusedResponse(
  response: { readonly nonce: string; readonly version: string; readonly names: readonly string[] },
  error: { readonly code: number; readonly message: string },
  at: number,
): RefusedResponse {
  const searched = error.message.slice(0, MAX_SEARCHED);
  const mentioned = response.names.filter((name) => mentions(searched, name));
  const named = mentioned.length > 0;
  return {
    nonce: response.nonce,
    version: response.version,
    names: named ? mentioned : response.names,
    named,
    code: error.code,
    message: printable(listed(searched)),
    at,
  };
}

/** Proxies write a reason a line. A line that a list follows, or that ends a sentence, has its own mark. */
function listed(text: string): string {
  const lines = text.split(/[\r\n]+/).map((line) => line.trim());
  return lines.filter((line) => line !== '').reduce(joinReasons, '');
}

function joinReasons(said: string, line: string): string {
  if (said === '') return line;
  return /[:;,]$/.test(said) ? `${said} ${line}` : `${said.replace(/\.$/, '')}; ${line}`;
}

/** What is left of a refusal once the proxy has accepted `acknowledged`; undefined when it is mended. */
export function afterAcknowledgement(
  refused: RefusedResponse,
  acknowledged: readonly string[],
): RefusedResponse | undefined {
  if (!refused.named) return undefined;
  const accepted = new Set(acknowledged);
  const names = refused.names.filter((name) => !accepted.has(name));
  if (names.length === refused.names.length) return refused;
  return names.length === 0 ? undefined : { ...refused, names };
}

/** Whether a name stands in a text as a word of its own: `a` is not in `cluster-a`. */
function mentions(text: string, name: string): boolean {
  if (name === '') return false;
  for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + 1)) {
    const end = at + name.length;
    if (!isNamePart(text[at - 1], text[at - 2]) && !isNamePart(text[end], text[end + 1])) return true;
  }
  return false;
}

/** A full stop ends a sentence unless a name goes on beyond it. */
function isNamePart(character: string | undefined, beyond?: string): boolean {
  if (character === undefined) return false;
  if (character === '.') return isNamePart(beyond);
  return /[\w|/-]/.test(character);
}

/** Text of a peer, fit for logs, tables and terminals. */
export function printable(text: string, limit = MAX_WORDS): string {
  // Control characters, bidirectional overrides and other invisible formatting could rewrite a terminal or hide text.
  const line = text
    .slice(0, limit * 4)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\s]+/gu, ' ')
    .trim();
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line;
}
