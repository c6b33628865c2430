/**
 * The xDS server alone, over resources from files: for anyone who wants to point a client at it.
 *
 *   node test/conformance/xds/serve.ts [--listen 127.0.0.1:18000] [FILE...]
 *
 * Files are YAML or JSON, any number of documents or lists: resources in proto JSON with `@type`, or
 * `{"@type", "name", "bytes"}` with base64 for types that this build does not know. Every proxy sees all of them.
 * The first line on stdout is `{"host", "port"}`. Each line on stdin is a batch `{"set": [resource...], "remove":
 * [{"@type", "name"}...]}`, answered by a line `{"applied": changes}`, or `{"streams", "findings"}` for
 * `{"status": true}`, or `{"error"}`. Ends on SIGTERM and at the end of stdin.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { parseAllDocuments } from 'yaml';
import type { EncodedResource } from '../../../src/delivery/xds/resources/resource-source.ts';
import { createResourceStore, type ResourceChange } from '../../../src/delivery/xds/resources/resource-store.ts';
import { standardTypes } from '../../../src/delivery/xds/resources/resource-types.ts';
import { createXdsServer } from '../../../src/delivery/xds/server.ts';
import { encode, messageName } from '../../../src/xds-api/messages.ts';
import { fromJson } from '../../../src/xds-api/proto-json.ts';

interface Described {
  readonly '@type': string;
  readonly name?: string;
  readonly clusterName?: string;
  readonly cluster_name?: string;
  readonly bytes?: string;
}

interface Command {
  readonly set?: readonly Described[];
  readonly remove?: readonly Described[];
  readonly status?: boolean;
}

const scope = 'all';
const { values, positionals } = parseArgs({
  options: { listen: { type: 'string', default: '127.0.0.1:0' } },
  allowPositionals: true,
});

const store = createResourceStore({
  scopesOf: () => [scope],
  types: () => [...new Set([...standardTypes, ...store.counts().keys()])],
});
const server = createXdsServer({ source: store });

const nameOf = ({ name, clusterName, cluster_name }: Described): string => name ?? clusterName ?? cluster_name ?? '';

function bodyOf(described: Described): Uint8Array {
  const { '@type': typeUrl, ...json } = described;
  if (described.bytes !== undefined) return Buffer.from(described.bytes, 'base64');
  const message = messageName(typeUrl);
  if (message === undefined) throw new TypeError(`${typeUrl} is not known here: give its bytes in base64`);
  return encode(message, fromJson(message, json));
}

function encoded(described: Described): EncodedResource {
  const body = bodyOf(described);
  const version = createHash('sha256').update(body).digest('hex').slice(0, 16);
  return { typeUrl: described['@type'], name: nameOf(described), version, body };
}

function setting(described: Described): ResourceChange {
  const resource = encoded(described);
  return { scope, typeUrl: resource.typeUrl, name: resource.name, resource };
}

const removing = (described: Described): ResourceChange => ({
  scope,
  typeUrl: described['@type'],
  name: nameOf(described),
  resource: undefined,
});

function answer(line: string): unknown {
  try {
    const command: Command = JSON.parse(line);
    if (command.status) return { streams: server.streams(), findings: server.findings() };
    const changes = [...(command.set ?? []).map(setting), ...(command.remove ?? []).map(removing)];
    store.apply(changes);
    return { applied: changes.length };
  } catch (error) {
    return { error: String(error) };
  }
}

const say = (value: unknown): boolean => process.stdout.write(`${JSON.stringify(value)}\n`);

const described = positionals.flatMap((file) =>
  parseAllDocuments(readFileSync(file, 'utf8')).flatMap((document): Described[] => document.toJS() ?? []),
);
store.apply(described.map(setting));
const colon = values.listen.lastIndexOf(':');
say(await server.listen({ host: values.listen.slice(0, colon), port: Number(values.listen.slice(colon + 1)) }));

const stop = (): void => {
  lines.close();
  void server.close();
};
const lines = createInterface({ input: process.stdin }).on('line', (line) => say(answer(line)));
lines.once('close', stop);
process.once('SIGTERM', stop);
