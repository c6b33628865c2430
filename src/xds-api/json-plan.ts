/** How one message type maps to JSON, worked out once from its descriptor: fields in order of number, and their keys. */
import protobuf from 'protobufjs/light.js';

export interface FieldPlan {
  /** The property of the message in memory. */
  readonly name: string;
  readonly jsonName: string;
  readonly shape: 'single' | 'list' | 'map';
  /** The type of the value, of a list's items or of a map's values: one of the three. */
  readonly message: protobuf.Type | undefined;
  readonly enumeration: protobuf.Enum | undefined;
  readonly scalar: string;
  /** A member of a oneof: its default is a value like any other. */
  readonly presence: boolean;
  readonly oneof: string | undefined;
  /** google.protobuf.Value, whose null is a value. */
  readonly acceptsNull: boolean;
}

export interface MessagePlan {
  readonly name: string;
  readonly fields: readonly FieldPlan[];
  /** By every spelling of a key that is accepted. */
  readonly byKey: ReadonlyMap<string, FieldPlan>;
}

const plans = new WeakMap<protobuf.Type, MessagePlan>();

export function messagePlan(type: protobuf.Type): MessagePlan {
  let plan = plans.get(type);
  if (plan === undefined) {
    plan = makePlan(type);
    plans.set(type, plan);
  }
  return plan;
}

function makePlan(type: protobuf.Type): MessagePlan {
  const fields = type.fieldsArray.toSorted((a, b) => a.id - b.id).map(fieldPlan);
  const byKey = new Map(fields.flatMap((field) => spellings(field).map((key) => [key, field] as const)));
  return { name: type.fullName.slice(1), fields, byKey };
}

function fieldPlan(field: protobuf.Field): FieldPlan {
  const { resolvedType } = field.resolve();
  const message = resolvedType instanceof protobuf.Type ? resolvedType : undefined;
  return {
    name: field.name,
    jsonName: field.name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
    shape: field.map ? 'map' : field.repeated ? 'list' : 'single',
    message,
    enumeration: resolvedType instanceof protobuf.Enum ? resolvedType : undefined,
    scalar: field.type,
    presence: field.partOf !== null,
    oneof: field.partOf?.name,
    acceptsNull: message?.fullName === '.google.protobuf.Value',
  };
}

function spellings(field: FieldPlan): readonly string[] {
  const snake = field.name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return [...new Set([field.name, field.jsonName, snake])];
}
