/**
 * The shape of a ProtocolCodec's spec, for those who write one in TypeScript; README.md explains every part. Compiling
 * takes any value and checks it: this type is a help to authors, not a promise about what comes out of YAML.
 */

/** `u8` to `i64`, `uleb128`, `zigzag`, `ascii-decimal(0d0a)`. */
type IntegerTypeName = string;
/** An integer type, or `bit(0x20)`, `bytes(16)`, `string(u16)`, `cstring`. */
type TypeName = string;
/** Pairs of hexadecimal digits. */
type Hex = string;
/** Such as `flags & 0x20 && code != 0`. */
type Condition = string;
type EndianName = 'big' | 'little';

export interface CodecDescription {
  readonly limits?: LimitsDescription;
  readonly frame: FrameDescription;
  readonly fields?: Readonly<Record<string, FieldDescription>>;
  readonly identity?: { readonly requestId?: string; readonly correlation?: 'id' | 'fifo' | 'none' };
  readonly kind?: {
    readonly default?: string;
    readonly rules?: readonly { readonly when: Condition; readonly kind: string }[];
  };
  readonly status?: { readonly error: Condition };
  readonly sections?: readonly SectionDescription[];
  readonly properties?: Readonly<Record<string, PropertyDescription>>;
  readonly mutation?: { readonly target: string | { readonly request?: string; readonly response?: string } };
  readonly reply?: {
    readonly error?: { readonly template: TemplateDescription };
    readonly heartbeat?: { readonly template: TemplateDescription; readonly when?: Condition };
  };
  readonly multiplexing?: boolean;
}

interface LimitsDescription {
  /** Bytes, or such as `64KiB`, `16MiB`. */
  readonly maxFrame?: number | string;
  readonly maxHeader?: number | string;
  readonly maxProperties?: number;
}

interface FrameDescription {
  readonly header: { readonly size: number; readonly endian?: EndianName };
  readonly magic?: readonly { readonly offset: number; readonly bytes: Hex; readonly mask?: Hex }[];
  readonly trailer?: readonly { readonly bytes: Hex; readonly mask?: Hex }[];
  readonly length: LengthDescription;
}

type LengthDescription =
  | {
      readonly parts: readonly {
        readonly offset: number;
        readonly type: IntegerTypeName;
        readonly endian?: EndianName;
        readonly shift?: number;
      }[];
      readonly counts?: 'whole' | 'afterHeader' | 'afterField';
      readonly adjust?: number;
      readonly unit?: number;
      readonly min?: number;
    }
  | { readonly delimiter: Hex }
  | { readonly size: number };

/** In the header by `offset`; right behind it by `offset: <header size>`; behind another by `after`. */
interface FieldDescription {
  readonly offset?: number;
  readonly after?: string;
  readonly type: TypeName;
  readonly endian?: EndianName;
  readonly mask?: number;
  readonly shift?: number;
}

type SectionDescription = {
  readonly name: string;
  readonly at?: number;
  readonly after?: string;
  readonly in?: string;
  readonly when?: Condition;
  readonly length?: {
    readonly offset?: number;
    readonly type: IntegerTypeName;
    readonly endian?: EndianName;
    readonly adjust?: number;
    readonly unit?: number;
  };
  readonly size?: number;
  readonly endian?: EndianName;
} & (
  | { readonly decode?: 'none' }
  | {
      readonly decode: 'keyValues';
      readonly schema: { readonly count?: IntegerTypeName; readonly key: TypeName; readonly value: TypeName };
    }
  | {
      readonly decode: 'tlv';
      readonly schema: {
        readonly count?: IntegerTypeName;
        readonly tag: IntegerTypeName;
        readonly length: IntegerTypeName;
        readonly counts?: 'value' | 'whole';
        readonly tags: Readonly<Record<number, string | { readonly name: string; readonly type?: TypeName }>>;
      };
    }
  | {
      readonly decode: 'text';
      readonly schema: { readonly separator: string; readonly assign?: string; readonly columns?: readonly string[] };
    }
  | {
      readonly decode: 'protobuf';
      readonly schema: Readonly<Record<string, { readonly path: string | number; readonly type?: string }>>;
    }
);

interface PropertyDescription {
  readonly from: string | readonly string[];
  readonly as?: 'decimal' | 'hex' | 'string';
  readonly key?: string;
  readonly prefix?: string;
}

/** A number, or one for each reason with `default`. */
type ReasonedNumber = number | Readonly<Record<string, number>>;

interface TemplateDescription {
  readonly copyHeader?: boolean;
  readonly set?: Readonly<Record<string, ReasonedNumber>>;
  readonly length?: 'auto';
  readonly sections?: Readonly<Record<string, readonly PieceDescription[]>>;
  readonly body?: 'none' | 'message' | readonly PieceDescription[];
}

type PieceDescription =
  | { readonly bytes: Hex }
  | { readonly text: string }
  | { readonly type: TypeName; readonly endian?: EndianName; readonly value: ReasonedNumber | string }
  /** `requestId`, `message`, or a field of the request. */
  | { readonly type: TypeName; readonly endian?: EndianName; readonly from: string }
  | { readonly protobuf: readonly ProtobufPieceDescription[] };

type ProtobufPieceDescription =
  | { readonly field: number; readonly type?: string; readonly value: ReasonedNumber | string }
  | { readonly field: number; readonly type?: string; readonly from: string }
  | { readonly field: number; readonly message: readonly ProtobufPieceDescription[] };
