/** The settings of injection in a file: what the webhook and `isthmus inject` are both told. What is not written is the default. */
import { load } from 'js-yaml';
import { IsthmusError, messageOf } from '../model/errors.ts';
import { cidrFamily, ipFamily } from '../resources/addresses.ts';
import { isMap } from '../resources/plain-values.ts';
import { formatPath, type Problem, Problems } from '../resources/problem.ts';
import { compileSchema } from '../resources/schema-check.ts';
import type { Schema } from '../resources/schema-language.ts';
import { defaultInjectionSettings, type InjectionSettings } from '../translate/injection/injection-settings.ts';
import { readNamedFile } from './named-files.ts';

const text = { type: 'string', minLength: 1, maxLength: 1024 } as const;
const quantities = { type: 'object', additionalProperties: text } as const;

const schema: Schema = {
  type: 'object',
  properties: {
    image: text,
    envoyImage: text,
    imagePullPolicy: { type: 'string', enum: ['Always', 'IfNotPresent', 'Never'] },
    proxy: { type: 'string', enum: ['metaproxy', 'envoy'] },
    revision: text,
    controlPlane: text,
    trustDomain: text,
    rootNamespace: text,
    rootsConfigMap: text,
    interception: { type: 'boolean' },
    virtualIpRanges: { type: 'array', items: text, maxItems: 16 },
    ipv6Sysctl: { type: 'boolean' },
    nameserver: text,
    clusterDomain: text,
    resources: { type: 'object', properties: { requests: quantities, limits: quantities } },
  },
};

/** Throws USAGE for a file that cannot be read, or that says what is no setting. */
export async function readInjectionSettings(
  file: string,
  flag: string,
  defaults: InjectionSettings = defaultInjectionSettings,
): Promise<InjectionSettings> {
  const written = (await readNamedFile(file, flag)).toString('utf8');
  let value: unknown;
  try {
    value = load(written, { filename: file });
  } catch (cause) {
    throw wrong(flag, file, messageOf(cause), cause);
  }
  const settings = { ...defaults, ...checked(value ?? {}, flag, file) };
  const resources = { ...defaults.resources, ...settings.resources };
  const strange = settings.virtualIpRanges.find((range) => cidrFamily(range) === 0);
  if (strange !== undefined) throw wrong(flag, file, `virtualIpRanges: "${strange}" is no range`);
  if (settings.nameserver !== undefined && ipFamily(settings.nameserver) === 0)
    throw wrong(flag, file, `nameserver: "${settings.nameserver}" is no IP address`);
  return { ...settings, resources };
}

const check = compileSchema<Partial<InjectionSettings>>(schema);

function checked(value: unknown, flag: string, file: string): Partial<InjectionSettings> {
  if (!isMap(value)) throw wrong(flag, file, 'it is no map of settings');
  const problems = new Problems();
  const settings = check(value, problems);
  const [first] = problems.list;
  if (first !== undefined) throw wrong(flag, file, `${formatPath(first.path)}: ${describeProblem(first)}`);
  return settings ?? {};
}

/** Elsewhere what is unknown is left out; here it refuses the file. */
function describeProblem({ code, message, remedy }: Problem): string {
  const isUnknown = code === 'ISTH0102' || code === 'ISTH0118';
  const what = isUnknown ? 'There is no such setting.' : message;
  return remedy === undefined ? what : `${what} ${remedy}`;
}

function wrong(flag: string, file: string, message: string, cause?: unknown): IsthmusError {
  return new IsthmusError('USAGE', `${flag} ${file}: ${/[.?]$/.test(message) ? message : `${message}.`}`, { cause });
}
