/** config.openservicemesh.io ExtensionService: where proxies reach a service that is no part of the mesh. */
import { ipFamily } from '../addresses.ts';
import { readCrdSchema } from '../crd-files.ts';
import { checkDuration, millisecondsOf } from '../duration-rules.ts';
import type { CheckedObject } from '../kind-reader.ts';
import { type Conversion, defineVersion, defineVersionedKind } from '../kind-versions.ts';
import { isHostName, withoutTrailingDot } from '../kubernetes-names.ts';
import { quote } from '../problem.ts';
import type { ExtensionService } from '../types/osm-config.ts';
import { configGroup } from './osm-rules.ts';

type Spec = ExtensionService['spec'];

interface Content extends CheckedObject {
  readonly spec: {
    readonly host: string;
    readonly port: number;
    readonly protocol?: string;
    readonly connectTimeout?: string;
  };
}

export const extensionService = defineVersionedKind<ExtensionService>({
  info: { kind: 'ExtensionService', group: configGroup, plural: 'extensionservices', scope: 'Namespaced' },
  versions: ['v1alpha2', 'v1alpha1'].map((version) =>
    defineVersion({
      version,
      schema: () => readCrdSchema('extension-service', version),
      options: { everyFieldRestricts: true },
      convert: readExtension,
    }),
  ),
  build: (spec, head) => ({ kind: 'ExtensionService', ...head, spec }),
});

function readExtension({ spec }: Content, { problems }: Conversion): Spec {
  const { port, protocol = '', connectTimeout } = spec;
  const host = withoutTrailingDot(spec.host.toLowerCase());
  if (!isHostName(host) && ipFamily(host) === 0) {
    problems.add('ISTH0201', ['spec', 'host'], `${quote(spec.host)} is no host name.`);
  }
  checkDuration(connectTimeout, ['spec', 'connectTimeout'], problems, { ms: 1, text: '1ms' });
  return {
    host,
    port,
    protocol: protocol.toLowerCase(),
    ...(connectTimeout === undefined ? {} : { connectTimeout: millisecondsOf(connectTimeout) }),
  };
}
