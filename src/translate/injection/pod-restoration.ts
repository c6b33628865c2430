/** A Pod with a proxy -> the same Pod without: exactly what injection put there goes. */
import { injectedNames, injectionKeys } from './injection-settings.ts';
import { isMap, type PlainMap, readPod, withField } from './pod.ts';
import { type InjectionRecord, isInjected, nonlocalBind } from './pod-injection.ts';

const ours: ReadonlySet<string> = new Set(Object.values(injectedNames));

/** `value`: a Pod or the template of one. Undefined where there is nothing to undo. */
export function uninjectPod(value: unknown): PlainMap | undefined {
  const pod = readPod(value);
  if (pod === undefined || !isInjected(pod)) return undefined;
  const { [injectionKeys.injected]: written, ...annotations } = pod.annotations;
  const record = readRecord(written);
  const { metadata } = pod.whole;
  const rest = { initContainers: pod.initContainers, containers: pod.containers, volumes: pod.volumes };
  const spec = Object.entries(rest).reduce<PlainMap>(
    (before, [field, items]) =>
      withField(
        before,
        field,
        items.filter(({ name }) => !ours.has(name)),
      ),
    pod.spec,
  );
  const named =
    record.names === true ? withField(withField(spec, 'dnsPolicy', undefined), 'dnsConfig', undefined) : spec;
  return {
    ...pod.whole,
    ...withField({}, 'metadata', withField(isMap(metadata) ? metadata : {}, 'annotations', annotations)),
    spec: record.sysctl === true ? withoutSysctl(named) : named,
  };
}

function readRecord(written: string | undefined): Partial<InjectionRecord> {
  try {
    const record: unknown = JSON.parse(written ?? '{}');
    return isMap(record) ? record : {};
  } catch {
    return {};
  }
}

function withoutSysctl(spec: PlainMap): PlainMap {
  const { securityContext } = spec;
  if (!isMap(securityContext) || !Array.isArray(securityContext.sysctls)) return spec;
  const sysctls = securityContext.sysctls.filter((one: unknown) => !(isMap(one) && one.name === nonlocalBind));
  return withField(spec, 'securityContext', withField(securityContext, 'sysctls', sysctls));
}
