/** 14: Open Service Mesh's policies. */
import { entry } from './entry.ts';

export const osmPolicies = {
  ISTH1401: entry('info', 'Setting is not applied', 'Do not rely on it; remove it if nothing else reads the object.'),
  ISTH1402: entry(
    'warning',
    'Settings contradict each other',
    "Remove one of the two: isthmus.dev's MeshConfig is in force.",
  ),
  ISTH1403: entry('warning', 'Setting opens what it guards', 'Nothing, if it is meant; otherwise switch it off.'),
  ISTH1404: entry('warning', 'Egress lets nothing out', 'Name a host, by which workloads reach it.'),
  ISTH1405: entry('warning', 'Policies disagree about a port', 'Let all policies give the port one protocol.'),
  ISTH1406: entry(
    'warning',
    'Egress is for a host that is declared already',
    'Remove the host from the policy, or the other declaration: whoever may see that may reach it.',
  ),
  ISTH1407: entry(
    'info',
    'Kind of proxy is not told of an egress',
    'Let an Envoy stand beside the workloads that need it.',
  ),
  ISTH1408: entry(
    'warning',
    'Traffic setting does not bound what leaves the mesh',
    'Use connectionSettings of an UpstreamTrafficSetting for it; limits are counted before workloads alone.',
  ),
  ISTH1409: entry(
    'error',
    'MeshConfig of Open Service Mesh stands elsewhere',
    "Put it into the namespace of Open Service Mesh, or name its own in spec.osmNamespace of isthmus.dev's MeshConfig.",
  ),
  ISTH1410: entry('error', 'Ingress is for no workload', 'Correct the name of the service, or its target port.'),
  ISTH1411: entry('warning', 'Ingress lets nobody in', 'Name a Service or a range of addresses among its sources.'),
  ISTH1412: entry('warning', 'Ingress is not in force', 'Keep one IngressBackend for each port of a workload.'),
  ISTH1413: entry(
    'warning',
    'Ingress keeps nobody out',
    'Set access.mode of the MeshConfig to Permissive or Enforced.',
  ),
  ISTH1414: entry('warning', 'Source of an ingress is not known', 'Correct its name, or declare its endpoints.'),
  ISTH1415: entry(
    'warning',
    'Kind of proxy takes nothing from outside the mesh',
    'Let a stock Envoy stand beside the workload.',
  ),
  ISTH1420: entry('warning', 'Telemetry names an unknown collector', 'Correct the name, or add the ExtensionService.'),
  ISTH1421: entry('warning', 'Telemetry is not in force', 'Keep one Telemetry for the same workloads.'),
  ISTH1422: entry(
    'info',
    'Telemetry is for what workloads take in alone',
    'Write a Telemetry in the root namespace for what they send.',
  ),
};
