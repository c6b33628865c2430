/** 16: injection of proxies, and webhooks. */
import { entry } from './entry.ts';

export const injection = {
  ISTH1601: entry('error', 'Annotation of injection is wrong', 'Correct the annotation, or remove it.'),
  ISTH1602: entry('error', "Workload and proxy are in each other's way", 'Give the workload another port or user.'),
  ISTH1603: entry(
    'warning',
    'Annotation of injection has no effect',
    'Remove it, or choose redirect by isthmus.dev/interception.',
  ),
  ISTH1604: entry(
    'warning',
    'Probe leads to the proxy',
    'Let the workload answer probes at a port of its own, and name that in isthmus.dev/exclude-inbound-ports.',
  ),
  ISTH1605: entry(
    'info',
    'Pod on the network of its node has no proxy',
    'Take hostNetwork away, or say isthmus.dev/inject: "false" to be told no more.',
  ),
  ISTH1606: entry(
    'warning',
    'Workload has no Pod in a form that is understood',
    'Write what is there as "kubectl explain pod" has it: a spec with containers that have names, and labels and annotations that are texts. The API server refuses it as it is.',
  ),
  ISTH1610: entry(
    'warning',
    'Certificate of the webhooks is not kept',
    'Let the API server be reached, and the service account read and write the Secret of the webhooks in the system namespace and patch our webhook configurations. What was served with last stays in use.',
  ),
  ISTH1612: entry(
    'warning',
    'Roots of the mesh are not told to a namespace',
    'Let the service account list, watch, create and patch ConfigMaps of this name, and the namespace take them. Pods with proxies start once the roots are in their namespace.',
  ),
  ISTH1613: entry(
    'warning',
    'ConfigMap with the name of ours is of somebody else',
    'Rename or delete it: ours takes its place at once. Until then Pods that mount it see what is in it.',
  ),
  ISTH1611: entry(
    'info',
    'Webhooks are not asked',
    'Apply the webhook configurations of the chart, or leave --webhook out.',
  ),
};
