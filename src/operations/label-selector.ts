/** Kubernetes' label selectors, but for sets: `app=web,tier!=cache,canary,!old`. */

export type LabelTest = (labels: Readonly<Record<string, string>>) => boolean;

const term = /^(!?)([A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?)(?:(==|=|!=)([A-Za-z0-9._-]*))?$/;

/** Undefined for what is none. */
export function parseLabelSelector(text: string): LabelTest | undefined {
  const parts = text.split(',').map((part) => part.trim());
  const tests = text.trim() === '' ? [] : parts.map(parseTerm);
  if (tests.includes(undefined)) return undefined;
  return (labels) => tests.every((test) => test?.(labels));
}

function parseTerm(text: string): LabelTest | undefined {
  const [, not, key = '', operator, value] = term.exec(text) ?? [];
  if (not === undefined || (not === '!' && operator !== undefined)) return undefined;
  if (operator === undefined) return (labels) => Object.hasOwn(labels, key) === (not === '');
  const isEqual: LabelTest = (labels) => Object.hasOwn(labels, key) && labels[key] === value;
  return operator === '!=' ? (labels) => !isEqual(labels) : isEqual;
}
