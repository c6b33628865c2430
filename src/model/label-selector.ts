/** Selectors of labels, as kubectl and the API take them: `a=b,c!=d,e in (f, g),h notin (i),j,!k`. All parts have to fit. */

export type Labels = Readonly<Record<string, string>>;
export type LabelSelector = (labels: Labels) => boolean;

const key = String.raw`((?:[A-Za-z0-9.-]+/)?[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)`;
const value = String.raw`[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?`;
const comparison = new RegExp(`^${key}\\s*(==|=|!=)\\s*(${value})?$`);
const membership = new RegExp(`^${key}\\s+(in|notin)\\s*\\(([^()]*)\\)$`);
const member = new RegExp(`^(?:${value})?$`);
const presence = new RegExp(`^(!)?\\s*${key}$`);

/** Undefined for what is no selector. An empty one selects everything. */
export function parseLabelSelector(text: string): LabelSelector | undefined {
  if (text.length > longest) return undefined;
  const trimmed = text.trim();
  if (trimmed === '') return () => true;
  const parts = partsOf(trimmed).map((part) => parsePart(part.trim()));
  const selectors = parts.flatMap((part) => part ?? []);
  return selectors.length === parts.length ? (labels) => selectors.every((fits) => fits(labels)) : undefined;
}

/** Bounds what a pattern is tried on. */
const longest = 2048;

/** Commas within parentheses stand between values. */
function partsOf(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '(') depth += 1;
    else if (text[at] === ')') depth -= 1;
    else if (text[at] === ',' && depth === 0) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return [...parts, text.slice(from)];
}

function parsePart(part: string): LabelSelector | undefined {
  const [, compared, operator, wanted = ''] = comparison.exec(part) ?? [];
  if (compared !== undefined) {
    // What has no such label is unequal to any value.
    const isEqual: LabelSelector = (labels) => labelOf(labels, compared) === wanted;
    return operator === '!=' ? (labels) => !isEqual(labels) : isEqual;
  }
  const [, listed, way, list = ''] = membership.exec(part) ?? [];
  if (listed !== undefined) {
    // Taken apart before it is matched: in one expression blanks beside commas could be matched in more ways than can be tried.
    const values = list.split(',').map((one) => one.trim());
    if (!values.every((one) => member.test(one))) return undefined;
    const wantedValues = new Set<string | undefined>(values);
    return (labels) => wantedValues.has(labelOf(labels, listed)) === (way === 'in');
  }
  const [, absent, present] = presence.exec(part) ?? [];
  if (present === undefined) return undefined;
  return (labels) => (labelOf(labels, present) === undefined) === (absent !== undefined);
}

/** Users choose the names: some stand for something else in every map. */
function labelOf(labels: Labels, name: string): string | undefined {
  return Object.hasOwn(labels, name) ? labels[name] : undefined;
}
