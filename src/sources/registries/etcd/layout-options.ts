/** The layout that a ServiceRegistry's options ask for. */
import { dubboLayout, dubboOptions, dubboRootsOf } from '../dubbo/dubbo-layout.ts';
import { unknownOption } from '../refused-client.ts';
import type { Layout } from '../registrations/layout.ts';
import type { FieldNames, InstanceField } from './instance-value.ts';
import { parseKeyTemplate } from './key-template.ts';
import { templateLayout } from './template-layout.ts';

type Options = Readonly<Record<string, string>>;

const fields = {
  addressField: 'address',
  portField: 'port',
  protocolField: 'protocol',
  weightField: 'weight',
  metadataField: 'metadata',
  healthyField: 'healthy',
  enabledField: 'enabled',
  regionField: 'region',
  zoneField: 'zone',
} as const satisfies Record<string, InstanceField>;

/** Which options each layout has. */
const known = {
  dubbo: ['layout', ...dubboOptions],
  template: ['layout', 'prefix', 'template', ...Object.keys(fields)],
} as const satisfies Record<string, readonly string[]>;

/** Gives why there is none, as text. */
export function layoutOf(options: Options): Layout | string {
  const usual = options.prefix !== undefined || options.template !== undefined ? 'template' : 'dubbo';
  const { layout = usual } = options;
  if (layout !== 'dubbo' && layout !== 'template')
    return `options.layout ${quote(layout)} is neither dubbo nor template`;
  const unknown = unknownOption(options, known[layout], `layout ${layout}`);
  if (unknown !== undefined) return unknown;
  if (layout === 'template') return template(options);
  const roots = dubboRootsOf(options);
  return typeof roots === 'string' ? roots : dubboLayout(roots);
}

/** `{prefix}` in the template stands for options.prefix; without a template, services and their instances stand below it. */
function template({ prefix, template: text = '{prefix}/{service}/{instance}', ...rest }: Options): Layout | string {
  if (text.startsWith('{prefix}') && prefix === undefined)
    return 'options.prefix or options.template must say what keys begin with';
  const parsed = parseKeyTemplate(text.replace('{prefix}', () => (prefix ?? '').replace(/\/+$/, '')));
  if (typeof parsed === 'string') return parsed;
  if (prefix !== undefined && !parsed.prefix.startsWith(prefix))
    return `options.template does not begin with options.prefix, ${quote(prefix)}`;
  const chosen = Object.entries(fields).flatMap(([option, field]) =>
    rest[option] === undefined || rest[option] === '' ? [] : [[field, rest[option]] as const],
  );
  const names: FieldNames = Object.fromEntries(chosen);
  return templateLayout(parsed, names);
}

function quote(text: string): string {
  return JSON.stringify(text);
}
