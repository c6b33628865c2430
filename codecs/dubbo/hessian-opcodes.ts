/**
 * What each first byte of a Hessian 2 value begins. Below 16: a value of so many further bytes, and nothing else; from 16
 * on: what has a length, members or a number in a table.
 */

export const Form = {
  string: 16,
  /** Bytes: 20-2f, four bits of length. */
  shortBinary: 17,
  /** 34-37 b, ten bits of length. */
  mediumBinary: 18,
  /** A or B with u16, of which B is the last chunk. */
  binaryChunk: 19,
  classDefinition: 20,
  /** O with the number of its class, and 60-6f with the number in four bits. */
  object: 21,
  shortObject: 22,
  /** H; M with a type. */
  map: 23,
  typedMap: 24,
  /** W until Z; U with a type, until Z. */
  openList: 25,
  typedOpenList: 26,
  /** X with a length; V with type and length. */
  list: 27,
  typedList: 28,
  /** 78-7f with three bits of length; 70-77 with a type and three bits of length. */
  shortList: 29,
  shortTypedList: 30,
  /** Q with the number of an object. */
  reference: 31,
  /** Z, which is no value, and what Hessian 2 leaves free. */
  none: 32,
} as const;

export const opcode = {
  binaryChunk: 0x41,
  binary: 0x42,
  classDefinition: 0x43,
  map: 0x48,
  int32: 0x49,
  typedMap: 0x4d,
  null: 0x4e,
  end: 0x5a,
} as const;

const ranges: readonly (readonly [first: number, last: number, form: number])[] = [
  [0x00, 0x1f, Form.string],
  [0x20, 0x2f, Form.shortBinary],
  [0x30, 0x33, Form.string],
  [0x34, 0x37, Form.mediumBinary],
  // Longs of three bytes.
  [0x38, 0x3f, 2],
  [0x41, 0x42, Form.binaryChunk],
  [0x43, 0x43, Form.classDefinition],
  // D: a double. F: false.
  [0x44, 0x44, 8],
  [0x46, 0x46, 0],
  [0x48, 0x48, Form.map],
  // I; dates in milliseconds and in minutes; L.
  [0x49, 0x49, 4],
  [0x4a, 0x4a, 8],
  [0x4b, 0x4b, 4],
  [0x4c, 0x4c, 8],
  [0x4d, 0x4d, Form.typedMap],
  [0x4e, 0x4e, 0],
  [0x4f, 0x4f, Form.object],
  [0x51, 0x51, Form.reference],
  [0x52, 0x53, Form.string],
  // T: true.
  [0x54, 0x54, 0],
  [0x55, 0x55, Form.typedOpenList],
  [0x56, 0x56, Form.typedList],
  [0x57, 0x57, Form.openList],
  [0x58, 0x58, Form.list],
  // A long as an int; the doubles 0, 1, of a byte, of two bytes, of thousandths.
  [0x59, 0x59, 4],
  [0x5b, 0x5c, 0],
  [0x5d, 0x5d, 1],
  [0x5e, 0x5e, 2],
  [0x5f, 0x5f, 4],
  [0x60, 0x6f, Form.shortObject],
  [0x70, 0x77, Form.shortTypedList],
  [0x78, 0x7f, Form.shortList],
  // Ints of one, two and three bytes; longs of one and two.
  [0x80, 0xbf, 0],
  [0xc0, 0xcf, 1],
  [0xd0, 0xd7, 2],
  [0xd8, 0xef, 0],
  [0xf0, 0xff, 1],
];

/** By first byte. */
export const forms: Uint8Array = new Uint8Array(256).fill(Form.none);
for (const [first, last, form] of ranges) forms.fill(form, first, last + 1);

/** Whether a value stands in no table: it may be taken out without moving the number of another. */
export function isPlain(code: number): boolean {
  const form = forms[code] ?? Form.none;
  return form <= Form.binaryChunk || form === Form.reference;
}
