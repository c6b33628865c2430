/**
 * The parts of a frame by name: fields of the fixed header, fields of varying place after it, sections. Parts may stand
 * in any order in the description; what stands after what is followed here, and cycles are found.
 */
import { readCondition, reservedNames } from './conditions.ts';
import type { DocumentNode } from './document.ts';
import { readHeaderField, readPlacedField } from './fields.ts';
import { contentStart } from './frame-length.ts';
import type { Framing } from './framing.ts';
import type { Limits } from './limits.ts';
import { readSection, type Section } from './sections.ts';
import type { Evaluate, Locate, Values } from './values.ts';

export interface Layout {
  readonly values: Values;
  readonly sections: readonly Section[];
  /** Where each part behind the header ends, by name. */
  readonly ends: ReadonlyMap<string, Locate>;
}

interface Pending {
  readonly name: string;
  readonly node: DocumentNode;
  /** The part that this one stands after or in; undefined for the end of the header. */
  readonly after: string | undefined;
  readonly within: string | undefined;
  /** Without a place the part stands at the start of the section around it. */
  readonly place: (after: Locate | undefined, within: Section | undefined) => void;
}

const maxFields = 256;
const maxSections = 16;
const namePattern = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

export function readLayout(fields: DocumentNode, sections: DocumentNode, framing: Framing, limits: Limits): Layout {
  const values: Values = new Map();
  const placed = new Map<string, Locate>();
  const compiled = new Map<string, Section>();
  const pending: Pending[] = [];
  const names = new Set<string>();
  const headerEnd = contentStart(framing.length, framing.headerSize);

  for (const [name, node] of fields.entries(maxFields)) {
    checkName(name, node, names);
    if (!isPlaced(node, framing)) {
      values.set(name, readHeaderField(node, framing));
      continue;
    }
    const place = (after: Locate = headerEnd): void => {
      const { value, end } = readPlacedField(node, framing, limits, after);
      values.set(name, value);
      placed.set(name, end);
    };
    pending.push({ name, node, after: reference(node, 'after'), within: undefined, place });
  }
  const headerValues: Values = new Map(values);
  const previous = new Map<string, string>();
  for (const node of sections.items(maxSections)) {
    const name = nameOf(node, names);
    const within = reference(node, 'in');
    const after = hasMember(node, 'at') ? undefined : (reference(node, 'after') ?? previous.get(within ?? ''));
    const place = (afterEnd: Locate | undefined, parent: Section | undefined): void => {
      const condition = conditionOf(node, headerValues);
      const afterEager = compiled.get(after ?? '')?.eager !== false;
      const section = readSection(node, name, { framing, limits, after: afterEnd, afterEager, parent, condition });
      compiled.set(name, section);
      placed.set(name, section.after);
      for (const [member, value] of section.values) values.set(member === '' ? name : `${name}.${member}`, value);
    };
    pending.push({ name, node, after, within, place });
    previous.set(within ?? '', name);
  }
  placeAll(pending, placed, compiled, headerEnd);
  return { values, sections: [...compiled.values()], ends: placed };
}

/** Places what stands after what is placed already, until nothing moves any more. What is left stands nowhere. */
function placeAll(
  pending: readonly Pending[],
  placed: ReadonlyMap<string, Locate>,
  sections: ReadonlyMap<string, Section>,
  headerEnd: Locate,
): void {
  let left = pending;
  for (let before = -1; left.length > 0 && left.length !== before; ) {
    before = left.length;
    left = left.filter(({ after, within, place }) => {
      const parent = within === undefined ? undefined : sections.get(within);
      if (within !== undefined && parent === undefined) return true;
      const begin = after === undefined ? headerEnd : placed.get(after);
      if (begin === undefined) return true;
      place(after === undefined && parent !== undefined ? undefined : begin, parent);
      return false;
    });
  }
  for (const { name, node, after, within } of left) {
    node.problem(
      `"${name}" stands after or in "${within ?? after ?? ''}", which is not there, or stands after it in turn.`,
      'Name a field of varying place or a section, and make no circle.',
    );
  }
}

/** Header fields have an offset within the header; all others follow something. */
function isPlaced(node: DocumentNode, framing: Framing): boolean {
  const offset = memberOf(node, 'offset');
  return hasMember(node, 'after') || offset === framing.headerSize;
}

function conditionOf(node: DocumentNode, headerValues: Values): Evaluate | undefined {
  const condition = node.child('when');
  return condition.absent ? undefined : readCondition(condition, headerValues);
}

function checkName(name: string, node: DocumentNode, names: Set<string>): void {
  if (!namePattern.test(name)) node.problem(`"${name}" is no name.`, 'Use letters, digits and _; begin with a letter.');
  if (reservedNames.includes(name)) node.problem(`"${name}" has a meaning of its own.`, 'Choose another name.');
  if (names.has(name)) node.problem(`"${name}" is there twice.`, 'Choose another name.');
  names.add(name);
}

function nameOf(node: DocumentNode, names: Set<string>): string {
  const name = node.child('name').text();
  checkName(name, node.child('name'), names);
  return name;
}

function reference(node: DocumentNode, member: string): string | undefined {
  const child = node.child(member);
  return child.absent ? undefined : child.text();
}

function hasMember(node: DocumentNode, member: string): boolean {
  return !node.child(member).absent;
}

function memberOf(node: DocumentNode, member: string): unknown {
  return node.child(member).value;
}
