/**
 * A description as it came out of YAML, read part by part. Every accessor gives a value of the right type whatever
 * stands there: a mistake becomes a problem with its path, and reading goes on with a stand-in, so that one pass finds
 * all mistakes. Whoever reads must look at the problems before using what was built.
 */
import type { Problems } from './problems.ts';

export class DocumentNode {
  readonly value: unknown;
  readonly path: string;
  readonly problems: Problems;

  constructor(value: unknown, path: string, problems: Problems) {
    this.value = value;
    this.path = path;
    this.problems = problems;
  }

  get absent(): boolean {
    return this.value === undefined || this.value === null;
  }

  problem(message: string, remedy: string): void {
    this.problems.add(this.path, message, remedy);
  }

  /** Access to the members of an object by name; names outside `known` are problems. */
  members<Name extends string>(...known: readonly Name[]): (name: Name) => DocumentNode {
    const given = new Map(this.entries(known.length + 50));
    for (const [name, node] of given) {
      if (!known.some((one) => one === name)) {
        node.problem(`There is no "${name}" here.`, `Use one of ${known.join(', ')}.`);
      }
    }
    return (name) => given.get(name) ?? this.#at(name);
  }

  /** One member, whatever else there is; who reads it that way leaves unknown names to whoever calls `members`. */
  child(name: string): DocumentNode {
    const { value } = this;
    const isObject = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
    return this.#at(name, isObject ? Reflect.get(value, name) : undefined);
  }

  entries(max: number): [string, DocumentNode][] {
    if (this.absent) return [];
    if (typeof this.value !== 'object' || this.value === null || Array.isArray(this.value)) {
      this.problem('This must be an object.', 'Write key: value pairs.');
      return [];
    }
    const entries = Object.entries(this.value);
    if (entries.length > max) this.problem(`This has ${entries.length} entries.`, `Write at most ${max}.`);
    return entries.slice(0, max).map(([name, value]) => [name, this.#at(name, value)]);
  }

  items(max: number): DocumentNode[] {
    if (this.absent) return [];
    if (!Array.isArray(this.value)) {
      this.problem('This must be a list.', 'Write [ ... ], or one item a line after "- ".');
      return [];
    }
    const list: readonly unknown[] = this.value;
    if (list.length > max) this.problem(`This has ${list.length} items.`, `Write at most ${max}.`);
    return list.slice(0, max).map((value, index) => new DocumentNode(value, `${this.path}[${index}]`, this.problems));
  }

  integer(min: number, max: number, fallback?: number): number {
    if (this.absent && fallback !== undefined) return fallback;
    if (typeof this.value === 'number' && Number.isInteger(this.value) && this.value >= min && this.value <= max) {
      return this.value;
    }
    this.problem(`This must be a whole number from ${min} to ${max}.`, this.absent ? 'Add it.' : 'Correct the number.');
    return min;
  }

  text(fallback?: string, maxLength = 512): string {
    if (this.absent && fallback !== undefined) return fallback;
    if (typeof this.value === 'string' && this.value !== '' && this.value.length <= maxLength) return this.value;
    this.problem(
      `This must be a text of 1 to ${maxLength} characters.`,
      this.absent ? 'Add it.' : 'Put the text in quotes.',
    );
    return fallback ?? '?';
  }

  choice<Choice extends string>(choices: readonly Choice[], fallback: Choice): Choice {
    if (this.absent) return fallback;
    const found = choices.find((choice) => choice === this.value);
    if (found === undefined) {
      // Anything may stand here, even an object whose toString is no function.
      const written = typeof this.value === 'string' ? `"${this.value.slice(0, 64)}"` : 'This';
      this.problem(`${written} is none of the choices.`, `Use ${choices.join(', ')}.`);
    }
    return found ?? fallback;
  }

  flag(): boolean | undefined {
    if (this.absent) return undefined;
    if (typeof this.value !== 'boolean') this.problem('This must be true or false.', 'Write true or false.');
    return this.value === true;
  }

  /** Bytes written as hexadecimal pairs; blanks between them are fine. At least one byte. */
  bytes(maxLength = 256): Buffer {
    const digits = typeof this.value === 'string' ? this.value.replaceAll(' ', '') : '';
    if (/^([0-9a-fA-F]{2})+$/.test(digits) && digits.length <= maxLength * 2) return Buffer.from(digits, 'hex');
    this.problem('This must be bytes in hexadecimal.', 'Write pairs of 0-9 and a-f in quotes, such as "0d0a".');
    return Buffer.from([0]);
  }

  #at(name: string, value?: unknown): DocumentNode {
    return new DocumentNode(value, this.path === '' ? name : `${this.path}.${name}`, this.problems);
  }
}
