/** Messages for property tests: any that a descriptor allows, in canonical form (no scalar default without presence). */
import fc from 'fast-check';
import protobuf from 'protobufjs/light.js';

type Generated = Record<string, unknown>;

const WORDS = fc.string({ minLength: 1, maxLength: 6 });
const UINT32 = fc.integer({ min: 1, max: 2 ** 32 - 1 });

const scalars: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  string: WORDS,
  bytes: fc.uint8Array({ minLength: 1, maxLength: 5 }).map((bytes) => Buffer.from(bytes)),
  bool: fc.constant(true),
  int32: fc.integer({ min: 1 }),
  uint32: UINT32,
  int64: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  uint64: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  double: fc.double({ noNaN: true }).filter((value) => value !== 0),
  float: fc.constant(0.5),
};

/** Messages whose JSON is a spelling of its own, with rules that the descriptor does not tell. */
const special: Readonly<Record<string, fc.Arbitrary<Generated>>> = {
  '.google.protobuf.Any': fc.constantFrom<Generated>(
    {},
    { type_url: 'type.googleapis.com/a.Stranger', value: Buffer.from([1, 2, 3]) },
    { type_url: 'type.googleapis.com/google.protobuf.Duration', value: Buffer.from([8, 5]) },
    { type_url: 'type.googleapis.com/envoy.config.cluster.v3.Cluster', value: Buffer.from([10, 1, 99]) },
  ),
  '.google.protobuf.Duration': fc.constantFrom<Generated>(
    {},
    { seconds: -3, nanos: -5 },
    { seconds: 1, nanos: 5_000_000 },
  ),
  '.google.protobuf.Timestamp': fc.constantFrom<Generated>({}, { seconds: 1_700_000_000, nanos: 1 }, { seconds: -1 }),
  '.google.protobuf.Struct': fc.constantFrom<Generated>({}, { fields: { a: { nullValue: 0 }, b: { listValue: {} } } }),
  '.google.protobuf.Value': fc.constantFrom<Generated>({ numberValue: 0 }, { structValue: {} }, { nullValue: 0 }),
};

export function arbitraryMessage(type: protobuf.Type, depth: number): fc.Arbitrary<Generated> {
  const known = special[type.fullName];
  if (known !== undefined) return known;
  const fields = type.fieldsArray.filter(
    (field) => depth > 0 || !(field.resolve().resolvedType instanceof protobuf.Type),
  );
  if (fields.length === 0) return fc.constant({});
  return fc
    .subarray(fields, { maxLength: Math.min(4, fields.length) })
    .map(oneOfEach)
    .chain((chosen) => fc.record(Object.fromEntries(chosen.map((field) => [field.name, arbitraryField(field, depth)]))))
    .map((values) => ({ ...values }));
}

/** Of each oneof the first of the chosen members. */
function oneOfEach(fields: readonly protobuf.Field[]): readonly protobuf.Field[] {
  return fields.filter(
    (field) => field.partOf === null || fields.find((other) => other.partOf === field.partOf) === field,
  );
}

function arbitraryField(field: protobuf.Field, depth: number): fc.Arbitrary<unknown> {
  const { resolvedType } = field.resolve();
  const value =
    resolvedType instanceof protobuf.Type
      ? arbitraryMessage(resolvedType, depth - 1)
      : resolvedType instanceof protobuf.Enum
        ? fc.constantFrom(...Object.values(resolvedType.values).filter((number) => number !== 0), 77)
        : (scalars[field.type] ?? fc.constant(1));
  // One entry: with more, bytes depend on the order of insertion.
  if (field.map) return WORDS.chain((key) => value.map((item) => ({ [key]: item })));
  return field.repeated ? fc.array(value, { minLength: 1, maxLength: 3 }) : value;
}
