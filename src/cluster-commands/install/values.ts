/** Values of the chart as users give them: files, and single ones as NAME=VALUE, both as Helm reads them. */
import { IsthmusError } from '../../model/errors.ts';
import { isMap, type PlainMap } from '../../resources/plain-values.ts';

/** The second wins; maps are merged, and null takes a value away. */
export function mergeValues(base: PlainMap, given: PlainMap): PlainMap {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(given)) {
    const before = base[key];
    if (value === null) delete merged[key];
    else merged[key] = isMap(value) && isMap(before) ? mergeValues(before, value) : value;
  }
  return merged;
}

/** `--set`: `a.b=1,c[0]=x,d={y,z}`; `\` takes from the next character what it means. Throws USAGE where that is not what it says. */
export function parseSetting(text: string): PlainMap {
  return parseAssignments(text, '--set', valueIn);
}

/** `--set-string`: the same, with each value as the text that it is written as. */
export function parseTextSetting(text: string): PlainMap {
  return parseAssignments(text, '--set-string', textIn);
}

function parseAssignments(text: string, option: string, read: (written: string) => unknown): PlainMap {
  return splitAt(text, ',').reduce<PlainMap>((values, part) => {
    const at = indexOf(part, '=');
    if (at < 1) throw new IsthmusError('USAGE', `${option} ${text}: expected NAME=VALUE.`);
    const path = splitAt(part.slice(0, at), '.').flatMap(stepsOf);
    return withValue(values, path, read(part.slice(at + 1)), `${option} ${text}`);
  }, {});
}

type Step = string | number;

function stepsOf(part: string): readonly Step[] {
  const [, name = '', indexes = ''] = /^(.*?)((?:\[\d+\])*)$/.exec(part) ?? [];
  return [unescaped(name), ...[...indexes.matchAll(/\d+/g)].map(([digits]) => Number(digits))];
}

function withValue(values: PlainMap, path: readonly Step[], value: unknown, given: string): PlainMap {
  const put = (at: unknown, [step, ...rest]: readonly Step[]): unknown => {
    if (step === undefined) return value;
    if (typeof step === 'string')
      return { ...(isMap(at) ? at : {}), [step]: put(isMap(at) ? at[step] : undefined, rest) };
    if (step > 1000) throw new IsthmusError('USAGE', `${given}: no list is that long.`);
    const list: unknown[] = Array.isArray(at) ? [...at] : [];
    while (list.length < step) list.push(null);
    list[step] = put(list[step], rest);
    return list;
  };
  const whole = put(values, path);
  return isMap(whole) ? whole : values;
}

function textIn(text: string): unknown {
  return listIn(text)?.map(textIn) ?? unescaped(text);
}

function valueIn(text: string): unknown {
  const list = listIn(text);
  if (list !== undefined) return list.map(valueIn);
  if (text === 'true' || text === 'false') return text === 'true';
  if (text === 'null') return null;
  return /^(0|-?[1-9]\d{0,14})$/.test(text) ? Number(text) : unescaped(text);
}

function listIn(text: string): readonly string[] | undefined {
  if (!text.startsWith('{') || !text.endsWith('}')) return undefined;
  return text === '{}' ? [] : splitAt(text.slice(1, -1), ',');
}

/** At each that nothing escapes and no brace holds together. */
function splitAt(text: string, separator: string): readonly string[] {
  const parts: string[] = [];
  let from = 0;
  for (let at = indexOf(text, separator); at >= 0; at = indexOf(text, separator, from)) {
    parts.push(text.slice(from, at));
    from = at + 1;
  }
  return [...parts, text.slice(from)];
}

function indexOf(text: string, wanted: string, from = 0): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (character === '\\') at += 1;
    else if (character === wanted && depth === 0) return at;
    else if (character === '{') depth += 1;
    else if (character === '}') depth -= 1;
  }
  return -1;
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, '$1');
}
