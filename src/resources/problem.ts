/** What a check says before it is known whose object it is about: a finding without object and place. */
import { catalogue, type FindingCode } from '../model/finding-catalogue.ts';

export type Path = readonly (string | number)[];

export interface Problem {
  readonly code: FindingCode;
  readonly path: Path;
  readonly message: string;
  /** More exact than the catalogue's. */
  readonly remedy?: string;
}

/** Collects the problems of one object. Beyond the bound it only counts: a hostile object earns no flood of findings. */
export class Problems {
  static readonly limit = 100;
  readonly list: Problem[] = [];
  unlisted = 0;
  /** True once there is a problem that refuses the object. */
  hasError = false;

  add(code: FindingCode, path: Path, message: string, remedy?: string): void {
    this.hasError ||= catalogue[code].severity === 'error';
    if (this.list.length >= Problems.limit) this.unlisted += 1;
    else this.list.push({ code, path, message, ...(remedy === undefined ? {} : { remedy }) });
  }
}

/** `spec.routes[0].match`; keys that are no plain words stand in brackets: `metadata.labels[app.kubernetes.io/name]`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[A-Za-z_$][\w$-]{0,62}$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${shorten(part)}]`;
  }
  return text;
}

/** A user's value in a message: quoted, one line, at most about 80 characters. */
export function quote(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(shorten(value));
  if (Array.isArray(value)) return 'a list';
  if (value === null) return 'null';
  return typeof value === 'object' ? 'a map' : shorten(String(value));
}

function shorten(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}

/** The path that formatPath prints so; of keys with dots in them, the part that can be told. */
export function parsePath(text: string): Path {
  const steps = text.match(/[^.[\]]+|\[\d+\]/g) ?? [];
  return steps.map((step) => (step.startsWith('[') ? Number(step.slice(1, -1)) : step));
}
