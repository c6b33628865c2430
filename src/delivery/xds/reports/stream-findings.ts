/** What users should know of streams: refused responses, refused nodes, types that nobody serves. */
import { endSentence, type Finding, finding, formatObject, type ObjectRef } from '../../../model/finding.ts';
import { shortType } from '../resources/resource-types.ts';
import type { RefusedNode } from '../streams/admission.ts';
import { printable, type RefusedResponse } from '../streams/refused-response.ts';
import { refusalsOf, type XdsStream } from '../streams/stream.ts';
import type { OriginsOf } from './refusal-origins.ts';

const MAX_NAMES = 5;

/** Sorted and without doubles, however many streams a proxy has. */
export function findingsOf(
  streams: Iterable<XdsStream>,
  refused: readonly RefusedNode[],
  originsOf: OriginsOf,
): readonly Finding[] {
  const all = new Map<string, Finding>();
  const add = (one: Finding): void => {
    all.set(JSON.stringify([one.code, one.object.name, one.path, one.message]), one);
  };
  for (const stream of streams) for (const one of streamFindings(stream, originsOf)) add(one);
  for (const { id, identity, reason } of refused) {
    const message = printable(`${callerWords(identity)}${reason}`);
    add(finding('ISTH0802', { object: { kind: 'Proxy', name: printable(id, 200) }, message }));
  }
  return [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

/** Anybody may state any id: who did so is known by the certificate alone. */
function callerWords(identity: string | undefined): string {
  return identity === undefined ? '' : `Of a caller with the certificate of ${identity}: `;
}

function streamFindings(stream: XdsStream, originsOf: OriginsOf): readonly Finding[] {
  const { node } = stream;
  if (node === undefined) return [];
  const object = { kind: 'Proxy', namespace: node.namespace, name: printable(node.id, 200) };
  const caller = callerWords(stream.call.peer.identity);
  const refusals = refusalsOf(stream).map(({ typeUrl, refusal }) =>
    finding('ISTH0801', {
      object,
      path: shortType(typeUrl),
      message: `${caller}${messageOf(refusal, (name) => originsOf({ typeUrl, name }, refusal.message, node))}`,
    }),
  );
  const unserved = [...stream.unserved].map((typeUrl) =>
    finding('ISTH0803', {
      object,
      path: printable(shortType(typeUrl), 200),
      message: `${caller}The proxy asks for ${printable(typeUrl, 200)}, which is not served to proxies of kind ${node.kind}.`,
    }),
  );
  return [...refusals, ...unserved];
}

function messageOf({ names, message }: RefusedResponse, originsOf: (name: string) => readonly ObjectRef[]): string {
  const said = `The proxy refused ${listed(names)}: ${message || 'it gave no reason'}`;
  const origins = names.slice(0, MAX_NAMES).flatMap(originsOf);
  const objects = [...new Set(origins.map(formatObject))].sort();
  if (objects.length === 0) return said;
  const more = objects.length > MAX_NAMES ? ` and ${objects.length - MAX_NAMES} more` : '';
  return `${endSentence(said)} It comes of ${objects.slice(0, MAX_NAMES).join(', ')}${more}.`;
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'a response without resources';
  const shown = names.slice(0, MAX_NAMES).map((name) => `"${printable(name, 200)}"`);
  const more = names.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
