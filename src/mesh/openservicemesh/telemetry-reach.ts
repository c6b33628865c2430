/** What is said of Telemetries that are not for the whole mesh. */
import type { Collection } from '../../collections/collection.ts';
import type { Engine } from '../../collections/engine.ts';
import { finding } from '../../model/finding.ts';
import type { MeshSettings } from '../../model/mesh-service.ts';
import { about } from '../resource-order.ts';
import { settingsOf } from '../settings.ts';
import { isForAll, type Telemetries } from './telemetries.ts';

/** Listeners of callers are shared by all who may call: what they log is a matter of the whole mesh. */
export function reportTelemetryReach(engine: Engine, { logs }: Telemetries, settings: Collection<MeshSettings>): void {
  engine.map('telemetry reach', logs, (one, context) => {
    const { rootNamespace, policyNamespace } = settingsOf(context, settings);
    if (isForAll(one) && [rootNamespace, policyNamespace].includes(one.namespace)) return undefined;
    const message = 'What its workloads send is logged as the Telemetry of the whole mesh says.';
    context.report(finding('ISTH1422', { ...about(one.telemetry), message }));
    return undefined;
  });
}
