/**
 * RequestAuthorizationPolicy of isthmus.dev, and dubbo.aeraki.io's DubboAuthorizationPolicy as a case of it. Such a policy
 * narrows what others permit, so that one that is left out would open what it was written to close: a policy with an error
 * stays in force, and lets nothing through to the workloads that it is for.
 */
import { readCrdSchema } from '../crd-files.ts';
import type { KindInfo } from '../kind-info.ts';
import {
  defineKind,
  type KindReader,
  type ObjectOrigin,
  type ResourceHead,
  type SomeResource,
  withSpec,
} from '../kind-reader.ts';
import { isDnsLabel, isDnsSubdomain } from '../kubernetes-names.ts';
import { type ObjectMetadata, readMetadata } from '../metadata.ts';
import { isMap, type PlainMap } from '../plain-values.ts';
import { type Path, type Problems, quote } from '../problem.ts';
import type { Infer } from '../schema-language.ts';
import { dubboAuthorizationPolicySpec } from '../schemas/dubbo-authorization-policy.ts';
import type {
  CallerSpec,
  DubboAuthorizationPolicy,
  RequestAuthorizationPolicy,
  RequestAuthorizationSpec,
  RequestRuleSpec,
  RequestSpec,
} from '../types/request-authorization.ts';

interface Content {
  readonly metadata: ObjectMetadata;
  readonly spec: Omit<RequestAuthorizationSpec, 'rules'> & { readonly rules: readonly RequestRuleSpec[] };
}

type Build<R> = (spec: RequestAuthorizationSpec, head: ResourceHead) => R;

const ownInfo = {
  kind: 'RequestAuthorizationPolicy',
  group: 'isthmus.dev',
  plural: 'requestauthorizationpolicies',
  versions: ['v1alpha1'],
  scope: 'Namespaced',
  keepsOut: true,
} as const;
const buildOwn: Build<RequestAuthorizationPolicy> = (spec, head) => ({
  kind: 'RequestAuthorizationPolicy',
  ...head,
  spec,
});

export const requestAuthorizationPolicy = keptWhenUnreadable(
  defineKind<Content, RequestAuthorizationPolicy>({
    info: ownInfo,
    schema: () => readCrdSchema('request-authorization-policy'),
    options: { everyFieldRestricts: true },
    check: ({ spec }, problems) => {
      spec.serviceAccounts?.forEach((account, at) => {
        if (isDnsSubdomain(account)) return;
        problems.add('ISTH0220', ['spec', 'serviceAccounts', at], `${quote(account)} is no name of a ServiceAccount.`);
      });
      spec.rules.forEach((rule, at) => {
        checkRule(rule, ['spec', 'rules', at], problems);
      });
    },
    build: ({ spec }, head) => buildOwn(spec, head),
  }),
  ownInfo,
  buildOwn,
  ({ serviceAccounts }) => ({ ...(isTexts(serviceAccounts) ? { serviceAccounts } : {}) }),
);

const dubboInfo = {
  kind: 'DubboAuthorizationPolicy',
  group: 'dubbo.aeraki.io',
  plural: 'dubboauthorizationpolicies',
  versions: ['v1alpha1'],
  scope: 'Namespaced',
  keepsOut: true,
} as const;
const dubboSchema = withSpec(dubboAuthorizationPolicySpec);
const protocols = ['dubbo'];
const buildDubbo: Build<DubboAuthorizationPolicy> = (spec, head) => ({
  kind: 'DubboAuthorizationPolicy',
  ...head,
  spec,
});

export const dubboAuthorizationPolicy = keptWhenUnreadable(
  defineKind<Infer<typeof dubboSchema>, DubboAuthorizationPolicy>({
    info: dubboInfo,
    schema: () => dubboSchema,
    options: { everyFieldRestricts: true },
    check: ({ spec }, problems) => {
      (spec.rules ?? []).forEach((rule, at) => {
        checkRule(readDubboRule(rule), ['spec', 'rules', at], problems);
      });
    },
    build: ({ spec: { action = 'ALLOW', rules = [] } }, head) =>
      buildDubbo({ action, protocols, rules: rules.map(readDubboRule) }, head),
  }),
  dubboInfo,
  buildDubbo,
  () => ({ protocols }),
);

type DubboRule = NonNullable<Infer<typeof dubboAuthorizationPolicySpec>['rules']>[number];

function readDubboRule({ from = [], to = [] }: DubboRule): RequestRuleSpec {
  return {
    from: from.map(({ source: { principals, notPrincipals, namespaces, notNamespaces } }) => ({
      ...(isNone(principals) ? {} : { principals }),
      ...(isNone(notPrincipals) ? {} : { notPrincipals }),
      ...(isNone(namespaces) ? {} : { namespaces }),
      ...(isNone(notNamespaces) ? {} : { notNamespaces }),
    })),
    to: to.map(({ operation: { interfaces, notInterfaces, methods, notMethods } }) => {
      const properties = byName(interfaces, methods);
      const notProperties = byName(notInterfaces, notMethods);
      return {
        ...(properties === undefined ? {} : { properties }),
        ...(notProperties === undefined ? {} : { notProperties }),
      };
    }),
  };
}

type Values = readonly string[] | undefined;

/** As Go writes it, an empty list is none. */
function isNone(values: Values): values is undefined {
  return values === undefined || values.length === 0;
}

function byName(interfaces: Values, methods: Values): RequestSpec['properties'] {
  const named = {
    ...(isNone(interfaces) ? {} : { interface: interfaces }),
    ...(isNone(methods) ? {} : { method: methods }),
  };
  return Object.keys(named).length === 0 ? undefined : named;
}

function checkRule({ from, to }: RequestRuleSpec, path: Path, problems: Problems): void {
  from.forEach((caller, at) => {
    checkCaller(caller, [...path, 'from', at], problems);
  });
  to.forEach((request, at) => {
    checkSaysSomething(request, [...path, 'to', at], problems);
    for (const [field, conditions] of Object.entries(request))
      for (const [name, values] of Object.entries(conditions))
        checkTexts(values, [...path, 'to', at, field, name], problems);
  });
}

function checkCaller(caller: CallerSpec, path: Path, problems: Problems): void {
  checkSaysSomething(caller, path, problems);
  for (const [field, values] of Object.entries(caller)) checkTexts(values, [...path, field], problems);
}

export function checkSaysSomething(content: object, path: Path, problems: Problems): void {
  if (Object.keys(content).length > 0) return;
  problems.add('ISTH0240', path, 'It says nothing, which would be for everybody.', 'Write a condition, or remove it.');
}

/** A star within a text is one that nobody will find there. */
function checkTexts(values: unknown, path: Path, problems: Problems): void {
  if (!isTexts(values)) return;
  values.forEach((value, at) => {
    const inner = value === '*' ? '' : value.replace(/^\*|\*$/, '');
    if (inner.includes('*'))
      problems.add('ISTH0240', [...path, at], `${quote(value)} has a * where none is read.`, 'Put it first or last.');
  });
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string' && one !== '');
}

/** `scopeOf`: what an unreadable one is for, as far as that can be read of its spec. */
function keptWhenUnreadable<R extends SomeResource>(
  reader: KindReader<R>,
  info: KindInfo,
  build: Build<R>,
  scopeOf: (spec: PlainMap) => Pick<RequestAuthorizationSpec, 'serviceAccounts' | 'protocols'>,
): KindReader<R> {
  return {
    ...reader,
    read: (value, origin, problems) => {
      const resource = reader.read(value, origin, problems);
      if (resource !== undefined) return resource;
      const head = headOf(value, info, origin);
      if (head === undefined) return undefined;
      problems.add(
        'ISTH0241',
        ['spec'],
        'Until it can be read, no request gets through to the workloads that it is for.',
      );
      const spec = isMap(value.spec) ? value.spec : {};
      return build({ action: 'DENY', ...scopeOf(spec), rules: 'unreadable' }, head);
    },
  };
}

/** What of an object can be told though the rest cannot be read; undefined where that is not even its name. */
export function headOf(
  { apiVersion, metadata }: PlainMap,
  info: KindInfo,
  origin: ObjectOrigin,
): ResourceHead | undefined {
  if (!isMap(metadata) || typeof metadata.name !== 'string' || !isDnsSubdomain(metadata.name)) return undefined;
  const { name, namespace } = metadata;
  if (typeof namespace === 'string' && namespace !== '' && !isDnsLabel(namespace)) return undefined;
  return readMetadata(
    info,
    {
      ...(typeof apiVersion === 'string' ? { apiVersion } : {}),
      metadata: { name, ...(typeof namespace === 'string' ? { namespace } : {}) },
    },
    origin,
  );
}
