/** The text of a snapshot, whose numbers and names are looked at by the bridge, one instance at a time: JSON, `{"services": [...]}` with what model/registry.ts calls RegistryService. */
import type { RegistryInstance, RegistryService } from '../../../model/registry.ts';
import { isMap } from '../../../resources/plain-values.ts';
import { Problems } from '../../../resources/problem.ts';
import { compileSchema } from '../../../resources/schema-check.ts';
import type { Infer } from '../../../resources/schema-language.ts';

const text = { type: 'string', maxLength: 4096 } as const;
const metadata = {
  type: 'object',
  maxProperties: 4096,
  additionalProperties: { type: 'string', maxLength: 65_536 },
} as const;
const instance = {
  type: 'object',
  required: ['id', 'address', 'ports'],
  properties: {
    id: text,
    address: text,
    ports: {
      type: 'array',
      maxItems: 64,
      items: {
        type: 'object',
        required: ['number'],
        properties: { name: text, number: { type: 'number' }, protocol: text },
      },
    },
    weight: { type: 'number' },
    health: { type: 'string', enum: ['up', 'down', 'unknown', 'draining'] },
    isolated: { type: 'boolean' },
    locality: { type: 'object', properties: { region: text, zone: text, subzone: text } },
    metadata,
  },
} as const;
const snapshot = {
  type: 'object',
  required: ['services'],
  properties: {
    services: {
      type: 'array',
      maxItems: 100_000,
      items: {
        type: 'object',
        required: ['name', 'instances'],
        properties: {
          namespace: text,
          group: text,
          name: { type: 'string', minLength: 1, maxLength: 65_536 },
          metadata,
          instances: { type: 'array', maxItems: 100_000, items: instance },
          isProtected: { type: 'boolean' },
        },
      },
    },
  },
} as const;

const check = compileSchema<Infer<typeof snapshot>>(snapshot);

/** Throws an Error that says what is wrong with it. */
export function parseSnapshot(json: string): readonly RegistryService[] {
  const value: unknown = JSON.parse(json);
  const problems = new Problems();
  const content = isMap(value) ? check(value, problems) : undefined;
  if (content === undefined) throw new Error(problems.list[0]?.message ?? 'it is no object');
  return content.services.map(
    ({ namespace = '', group = '', name, metadata: own = {}, instances, isProtected = false }): RegistryService => ({
      namespace,
      group,
      name,
      metadata: own,
      instances: instances.map(instanceFrom),
      isProtected,
    }),
  );
}

function instanceFrom(written: Infer<typeof instance>): RegistryInstance {
  const { id, address, ports, weight, health = 'unknown', isolated = false, locality, metadata: own = {} } = written;
  return {
    id,
    address,
    ports: ports.map(({ name = '', number, protocol = '' }) => ({ name, number, protocol })),
    ...(weight === undefined ? {} : { weight }),
    health,
    isolated,
    locality: { region: '', zone: '', subzone: '', ...locality },
    metadata: own,
  };
}
