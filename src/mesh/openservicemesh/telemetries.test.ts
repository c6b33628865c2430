import { expect, it } from 'vitest';
import type { AnyResource } from '../../resources/kinds.ts';
import { inboundAt, serviceEntry, testMesh } from '../mesh-fixture.ts';
import { extensionService, telemetry } from './osm-policy-fixture.ts';

const web = serviceEntry('shop/web', {
  endpoints: [
    { address: '10.1.0.1', labels: { app: 'web' } },
    { address: '10.1.0.2', labels: { app: 'other' } },
  ],
});

function meshOf(...resources: readonly AnyResource[]) {
  const { mesh, set, findings } = testMesh();
  set(web, ...resources);
  return {
    logOf: (address: string) => inboundAt(mesh, `${address}|9000`)?.telemetry?.format,
    meshWide: () => mesh.settings.get('mesh')?.telemetry,
    findings: () => findings().filter((one) => !one.startsWith('ISTH0304')),
    set,
  };
}

it('what selects a workload comes before its namespace, and that before the mesh', () => {
  const { logOf, meshWide, findings } = meshOf(
    telemetry('isthmus-system/mesh', { accessLog: { format: 'mesh' } }),
    telemetry('shop/namespace', { accessLog: { format: 'namespace' } }),
    telemetry('shop/web', { selector: { app: 'web' }, accessLog: { format: 'web' } }),
  );
  expect([logOf('10.1.0.1'), logOf('10.1.0.2')]).toEqual(['web', 'namespace']);
  expect(meshWide()).toEqual({ format: 'mesh' });
  expect(findings()).toEqual(['ISTH1422 Telemetry/namespace', 'ISTH1422 Telemetry/web']);
});

it('one without an access log says nothing and hides nothing', () => {
  const { logOf, findings } = meshOf(
    telemetry('shop/aa', { selector: { app: 'web' } }),
    telemetry('shop/namespace', { accessLog: { format: 'namespace' } }),
  );
  expect(logOf('10.1.0.1')).toBe('namespace');
  expect(findings()).toEqual(['ISTH1422 Telemetry/namespace']);
});

it('of several for the same workloads the oldest is in force', () => {
  const { logOf, findings } = meshOf(
    telemetry('shop/aa', { accessLog: { format: 'late' } }, { created: 2 }),
    telemetry('shop/zz', { accessLog: { format: 'early' } }, { created: 1 }),
  );
  expect(logOf('10.1.0.1')).toBe('early');
  expect(findings()).toContain('ISTH1421 Telemetry/aa');
});

it('a collector that is not there is told, and takes the rest of the log with it only where there is no rest', () => {
  const openTelemetry = { extensionService: { namespace: 'shop', name: 'collector' }, attributes: {} };
  const { logOf, meshWide, findings, set } = meshOf(
    telemetry('shop/web', { accessLog: { format: 'web', openTelemetry } }),
    telemetry('isthmus-system/mesh', { accessLog: { openTelemetry } }),
  );
  expect(logOf('10.1.0.1')).toBe('web');
  expect(meshWide()).toBeUndefined();
  const path = 'spec.accessLog.openTelemetry.extensionService';
  expect(findings()).toContain(`ISTH1420 Telemetry/web ${path}`);
  set(extensionService('shop/collector', 4317));
  expect(meshWide()).toEqual({ collector: { address: 'collector.example', port: 4317, attributes: {} } });
});
