/** 17: what is written into the cluster. */
import { entry } from './entry.ts';

export const clusterWrites = {
  ISTH1701: entry(
    'error',
    'Object in the cluster belongs to somebody else',
    'Rename or delete it, or hand it over: isthmus adopt KIND/NAMESPACE/NAME --yes. It is not touched, and the name is tried again.',
  ),
  ISTH1702: entry(
    'error',
    'API server refuses an object',
    'Correct the object named, by what the API server says. All others are written; this one is tried again.',
  ),
  ISTH1703: entry(
    'warning',
    'Deletions in the cluster are held',
    'If they are meant: isthmus writes release. Otherwise look why so much is not wanted any more: isthmus writes list names each. How much may go at once: --hold-objects, --hold-percent, --hold-time of isthmus run, or writes.hold of the chart.',
  ),
  ISTH1704: entry(
    'warning',
    'Somebody else changes what isthmus writes',
    'Change the object named instead, or stop who does it. Until then it is put right more and more seldom.',
  ),
  ISTH1705: entry(
    'info',
    'Kind is not in the cluster',
    'Nothing, where Istio is not installed. Otherwise install its CustomResourceDefinitions; what waits is written then.',
  ),
  ISTH1706: entry(
    'error',
    'Right to write is missing',
    'Grant the ServiceAccount of isthmus the verbs get, list, watch, create, patch and delete for the resource named.',
  ),
  ISTH1707: entry(
    'error',
    'Object is too large for the API server',
    'Divide the object named: fewer endpoints, ports or routes in each.',
  ),
  ISTH1708: entry(
    'info',
    'Object bears the labels of isthmus and is none of its own',
    'Take the labels off, or delete it. It is not touched.',
  ),
  ISTH1709: entry(
    'warning',
    'API server takes no writes',
    'Look into the API server. What is served goes on; what waits is written once it answers.',
  ),
  ISTH1710: entry(
    'warning',
    'Namespace takes no objects',
    'Create the namespace, or take away what is declared for it.',
  ),
  ISTH1711: entry(
    'warning',
    'Virtual addresses may be given out by Istio too',
    'Write ranges into the MeshConfig that are none of those which Istio allocates from.',
  ),
};
