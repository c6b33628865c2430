/** isthmus.dev MigrationPlan: schema and defaults stand in crds/migration-plan.yaml; what CEL cannot say stands here. */
import type { MigrationStage } from '../../model/migration.ts';
import { readCrdSchema } from '../crd-files.ts';
import { millisecondsOf } from '../duration-rules.ts';
import { defineKind } from '../kind-reader.ts';
import { isHostName } from '../kubernetes-names.ts';
import type { ObjectMetadata } from '../metadata.ts';
import { type Path, type Problems, quote } from '../problem.ts';
import type { MigratedPortSpec, MigrationPlan } from '../types/isthmus.ts';

/** An object once the schema's defaults are filled in. */
interface Content {
  readonly metadata: ObjectMetadata;
  readonly spec: {
    readonly host: string;
    readonly to: { readonly host: string; readonly ports: readonly MigratedPortSpec[] };
    readonly alias?: string;
    readonly stage: MigrationStage;
    readonly share?: number;
    readonly steps: readonly number[];
    readonly quiet: string;
  };
}

export const migrationPlan = defineKind<Content, MigrationPlan>({
  info: {
    kind: 'MigrationPlan',
    group: 'isthmus.dev',
    plural: 'migrationplans',
    versions: ['v1alpha1'],
    scope: 'Namespaced',
  },
  schema: () => readCrdSchema('migration-plan'),
  check: ({ spec }, problems) => {
    const { host, to, alias, steps } = spec;
    checkHost(host, ['spec', 'host'], problems);
    checkHost(to.host, ['spec', 'to', 'host'], problems);
    if (alias !== undefined) {
      checkHost(alias, ['spec', 'alias'], problems);
      const isTaken = [host, to.host].some((other) => other.toLowerCase() === alias.toLowerCase());
      if (isTaken) problems.add('ISTH1108', ['spec', 'alias'], `${quote(alias)} is one of the two hosts.`);
    }
    steps.forEach((step, at) => {
      if (step > (steps[at - 1] ?? 0)) return;
      problems.add('ISTH1108', ['spec', 'steps', at], `${step} is not more than the step before it.`);
    });
  },
  build: ({ spec }, head) => {
    const { host, to, alias, share, quiet, ...rest } = spec;
    return {
      kind: 'MigrationPlan',
      ...head,
      spec: {
        ...rest,
        host: host.toLowerCase(),
        to: { ...to, host: to.host.toLowerCase() },
        quiet: millisecondsOf(quiet),
        ...(alias === undefined ? {} : { alias: alias.toLowerCase() }),
        ...(share === undefined ? {} : { share }),
      },
    };
  },
});

function checkHost(host: string, path: Path, problems: Problems): void {
  if (!isHostName(host.toLowerCase())) problems.add('ISTH1108', path, `${quote(host)} is no host name.`);
}
