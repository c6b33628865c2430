/**
 * What a provider takes a call for, where that is not what stands first in its body. As Apache's provider does it (3.3.6,
 * DecodeableRpcInvocation, DubboProtocol.getInvoker, GenericFilter):
 *
 *   - the attachments `path` and `version` replace interface and version; others go by the attachment `interface`;
 *   - `$invoke` and `$invokeAsync` run the method that their first argument names, without the blanks around it;
 *   - a text may spell ASCII in two or three bytes, which Java's reader takes and UTF-8 does not know.
 *
 * All of it is in frames of honest consumers too, but for the last: generic calls, and providers with a path of their own.
 */
import { CodecError, type Frame, type OtherReading } from '../codec.ts';
import { isReadable, openBody, parameterCount } from './body.ts';
import { opcode } from './hessian-opcodes.ts';
import { isStringOpcode, readString } from './hessian-strings.ts';
import { HessianWalker } from './hessian-walker.ts';

const none: readonly OtherReading[] = [];
const maxEntries = 4096;
/** Of $invoke: the method's name, the types of its parameters, and its arguments. */
const GENERIC_PARAMETERS = 3;
/** As Java's own pattern has it: a name with other letters has parameters in it for some providers, and for others not. */
const plainDescriptor = /^(?:\[*(?:[VZBCDFIJS]|L[\w$/]+;))*$/;
/** Types of maps that are sent as attachments, and keep all entries under their keys. */
const mapTypes = new Set(
  ['HashMap', 'LinkedHashMap', 'TreeMap', 'Hashtable', 'concurrent.ConcurrentHashMap'].map(
    (name) => `java.util.${name}`,
  ),
);
/** What stands in place of bytes that are no UTF-8. */
const REPLACEMENT = '\ufffd';

/** All that one property may be taken for; what `reader` shows comes first. */
type Values = readonly [string | undefined, ...(string | undefined)[]];

/** Never leaves this module. One for all: whoever sends such frames should not cost a stack trace each time. */
const unclear = new CodecError('unsupported', 'There is no telling what a provider takes this call for.');

/** Of a request; undefined where nobody can tell. */
export function otherReadings(bytes: Buffer, start: number, frame: Frame): readonly OtherReading[] | undefined {
  // Readers find nothing in other bodies, which is as if they were denied.
  if (!isReadable(frame)) return none;
  try {
    return readCall(bytes, start, frame);
  } catch (error) {
    if (error === unclear) return undefined;
    throw error;
  }
}

const walker = new HessianWalker();

function readCall(bytes: Buffer, start: number, frame: Frame): readonly OtherReading[] {
  openBody(walker, bytes, start, frame);
  readText();
  const name = readText();
  const version = readText();
  const method = readText();
  const methods = readArguments(method, readText());
  const claims = readClaims(bytes);
  if (methods.length === 1 && claims.every(({ value, of }) => value === (of === 'version' ? version : name)))
    return none;
  const interfaces = distinct(name, claims, 'interface');
  return combine(interfaces, methods, distinct(version, claims, 'version'));
}

/** All but the one that `reader` shows, which is the first of each. */
function combine(interfaces: Values, methods: Values, versions: Values): readonly OtherReading[] {
  const readings = interfaces.flatMap((one) =>
    methods.flatMap((method) =>
      versions.map(
        (version): OtherReading =>
          new Map([
            ['interface', one],
            ['method', method],
            ['version', version],
          ]),
      ),
    ),
  );
  return readings.slice(1);
}

function distinct(first: string | undefined, claims: readonly Claim[], of: Claim['of']): Values {
  const others = new Set(claims.filter((claim) => claim.of === of).map(({ value }) => value));
  others.delete(first);
  return [first, ...others];
}

/** Over the arguments; all methods that the call may be for. */
function readArguments(method: string | undefined, descriptor: string | undefined): Values {
  const parameters = descriptor === undefined || !plainDescriptor.test(descriptor) ? -1 : parameterCount(descriptor);
  const count = descriptor === undefined ? 0 : parameters;
  if (count < 0) throw unclear;
  if (method !== '$invoke' && method !== '$invokeAsync') {
    skip(count);
    return [method];
  }
  if (count !== GENERIC_PARAMETERS) throw unclear;
  const called = readText();
  if (called === undefined) throw unclear;
  skip(count - 1);
  return [method, trimmed(called)];
}

function skip(values: number): void {
  for (let index = 0; index < values; index++) if (!walker.skip()) throw unclear;
}

/** What an attachment says of the service that is called. */
interface Claim {
  readonly of: 'interface' | 'version';
  readonly value: string | undefined;
}

const claimed: ReadonlyMap<string, Claim['of']> = new Map([
  ['path', 'interface'],
  ['interface', 'interface'],
  ['version', 'version'],
]);

/** A key that stands twice says both. */
function readClaims(bytes: Buffer): readonly Claim[] {
  if (walker.done || walker.next === opcode.null) return [];
  if (walker.next === opcode.typedMap && !mapTypes.has(mapType(bytes) ?? '')) throw unclear;
  if (!walker.enterMap()) throw unclear;
  const claims: Claim[] = [];
  for (let entry = 0; entry < maxEntries; entry++) {
    if (walker.next === opcode.end) return claims;
    const key = readText();
    if (key === undefined) throw unclear;
    const of = claimed.get(key);
    if (of !== undefined) claims.push({ of, value: readText() });
    else passValue(bytes);
  }
  throw unclear;
}

/** Of a map that begins with a name for its type; undefined where that is a number instead. */
function mapType(bytes: Buffer): string | undefined {
  const typeAt = new HessianWalker().open(bytes, walker.at + 1, walker.end);
  return typeAt.readString();
}

/** Of any other attachment: readers give it as it is, as long as there is one way to read it. */
function passValue(bytes: Buffer): void {
  const { at, next } = walker;
  if (!walker.skip()) throw unclear;
  if (!isStringOpcode(next) || isAscii(bytes, at, walker.at)) return;
  if (readString(bytes, at, walker.at)?.includes(REPLACEMENT) === true) throw unclear;
}

/** Most values are, and need not be made into strings. */
function isAscii(bytes: Buffer, at: number, end: number): boolean {
  for (let index = at; index < end; index++) if ((bytes[index] ?? 0) >= 0x80) return false;
  return true;
}

/** A text, undefined for null in its place; nothing else may stand there, or what has several spellings. */
function readText(): string | undefined {
  if (walker.next === opcode.null) {
    walker.skipString();
    return undefined;
  }
  const value = walker.readString();
  if (value === undefined || value.includes(REPLACEMENT)) throw unclear;
  return value;
}

/** As Java's String.trim: whatever is not above a blank. In linear time. */
function trimmed(name: string): string {
  let [start, end] = [0, name.length];
  while (start < end && name.charCodeAt(start) <= 0x20) start++;
  while (end > start && name.charCodeAt(end - 1) <= 0x20) end--;
  return name.slice(start, end);
}
