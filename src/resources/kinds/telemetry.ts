/** policy.openservicemesh.io Telemetry: the access log of workloads. */
import { readCrdSchema } from '../crd-files.ts';
import type { CheckedObject } from '../kind-reader.ts';
import { type Conversion, defineVersion, defineVersionedKind } from '../kind-versions.ts';
import { isDnsSubdomain } from '../kubernetes-names.ts';
import { checkLabels } from '../label-rules.ts';
import { type Problems, quote } from '../problem.ts';
import type { OsmReference, Telemetry } from '../types/osm.ts';
import { checkNamespace, policyGroup } from './osm-rules.ts';

type Spec = Telemetry['spec'];
type AccessLog = NonNullable<Spec['accessLog']>;

interface LogContent {
  readonly format?: string;
  readonly openTelemetry?: {
    readonly extensionService: OsmReference;
    readonly attributes?: Readonly<Record<string, string>>;
  };
}

interface Content extends CheckedObject {
  readonly spec: { readonly selector?: Readonly<Record<string, string>>; readonly accessLog?: LogContent };
}

export const telemetry = defineVersionedKind<Telemetry>({
  info: { kind: 'Telemetry', group: policyGroup, plural: 'telemetries', scope: 'Namespaced' },
  versions: [
    defineVersion({
      version: 'v1alpha1',
      schema: () => readCrdSchema('telemetry'),
      options: { everyFieldRestricts: true },
      convert: ({ spec }: Content, { problems }: Conversion): Spec => {
        const { selector = {}, accessLog } = spec;
        checkLabels(selector, ['spec', 'selector'], problems);
        return { selector, ...(accessLog === undefined ? {} : { accessLog: readLog(accessLog, problems) }) };
      },
    }),
  ],
  build: (spec, head) => ({ kind: 'Telemetry', ...head, spec }),
});

function readLog({ format = '', openTelemetry }: LogContent, problems: Problems): AccessLog {
  if (openTelemetry !== undefined) checkService(openTelemetry.extensionService, problems);
  return {
    ...(format === '' ? {} : { format }),
    ...(openTelemetry === undefined
      ? {}
      : {
          openTelemetry: {
            extensionService: openTelemetry.extensionService,
            attributes: openTelemetry.attributes ?? {},
          },
        }),
  };
}

function checkService({ name, namespace }: OsmReference, problems: Problems): void {
  const path = ['spec', 'accessLog', 'openTelemetry', 'extensionService'];
  checkNamespace(namespace, [...path, 'namespace'], problems);
  if (isDnsSubdomain(name)) return;
  problems.add('ISTH0116', [...path, 'name'], `${quote(name)} is no name of an ExtensionService.`);
}
