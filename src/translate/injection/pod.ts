/**
 * A Pod, or the template of Pods in a workload, as injection reads it: plain JSON of which it knows few fields and keeps all.
 * What is not in the form that an API server would take is left to the API server to refuse.
 */

export type PlainMap = Readonly<Record<string, unknown>>;

export interface Container extends PlainMap {
  readonly name: string;
}

export interface Pod {
  readonly whole: PlainMap;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: PlainMap;
  readonly containers: readonly Container[];
  readonly initContainers: readonly Container[];
  readonly volumes: readonly Container[];
}

/** Undefined for what is no Pod: no map, without containers, or with a list of what has no names. */
export function readPod(value: unknown): Pod | undefined {
  if (!isMap(value) || !isMap(value.spec)) return undefined;
  const { spec, metadata = {} } = value;
  if (!isMap(metadata)) return undefined;
  const [containers, initContainers, volumes] = [spec.containers, spec.initContainers, spec.volumes].map(namedItems);
  if (containers === undefined || initContainers === undefined || volumes === undefined) return undefined;
  if (containers.length === 0) return undefined;
  const [labels, annotations] = [texts(metadata.labels), texts(metadata.annotations)];
  if (labels === undefined || annotations === undefined) return undefined;
  return { whole: value, labels, annotations, spec, containers, initContainers, volumes };
}

/** Where what `readPod` does not take is not in the form of a Pod. */
export function misshapenPath(value: unknown): string {
  if (!isMap(value)) return '';
  const { spec, metadata = {} } = value;
  if (!isMap(spec)) return 'spec';
  if (!isMap(metadata)) return 'metadata';
  const lists = ['containers', 'initContainers', 'volumes'];
  const list = lists.find((field) => namedItems(spec[field]) === undefined);
  if (list !== undefined) return `spec.${list}`;
  if (texts(metadata.labels) === undefined) return 'metadata.labels';
  return texts(metadata.annotations) === undefined ? 'metadata.annotations' : 'spec.containers';
}

export function isMap(value: unknown): value is PlainMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A list that is absent, or null, is empty. */
function namedItems(value: unknown): readonly Container[] | undefined {
  const list = value ?? [];
  return Array.isArray(list) && list.every(isNamed) ? list : undefined;
}

function isNamed(value: unknown): value is Container {
  return isMap(value) && typeof value.name === 'string';
}

function texts(value: unknown): Readonly<Record<string, string>> | undefined {
  const map = value ?? {};
  return isTexts(map) ? map : undefined;
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return isMap(value) && Object.values(value).every((one) => typeof one === 'string');
}

/** A map with a field set; without it where the value is empty: `{}`, `[]` or undefined. */
export function withField(map: PlainMap, field: string, value: unknown): PlainMap {
  if (!isEmpty(value)) return { ...map, [field]: value };
  const { [field]: _, ...rest } = map;
  return rest;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isMap(value) && Object.keys(value).length === 0;
}
