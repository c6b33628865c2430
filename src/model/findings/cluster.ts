/** 15: the control plane in a cluster of Kubernetes. */
import { entry } from './entry.ts';

export const cluster = {
  ISTH1540: entry(
    'warning',
    'Status cannot be written',
    'Give the service account the right that is named. Until then nothing is told on objects of this kind; all else goes on.',
  ),
  ISTH1541: entry(
    'info',
    'Kind has no status',
    'Read its events, or `isthmus analyze`; or install the definition that comes with isthmus, which has a status.',
  ),
  ISTH1542: entry(
    'warning',
    'Status is refused',
    'Update the CustomResourceDefinition to that of this version, or see what else refuses it.',
  ),
  ISTH1543: entry(
    'info',
    'Events cannot be written',
    'Let the service account create and patch events of events.k8s.io; `isthmus analyze` tells the same.',
  ),
  ISTH1510: entry(
    'error',
    'Kind may not be read',
    'Grant the right that is named. Until then nothing that such objects ask for is done; what was read before stays in force.',
  ),
  ISTH1511: entry(
    'warning',
    'API server, or some of its kinds, cannot be seen',
    'Nothing, if it is being restarted. What was read stays in force and is served; nothing is taken for gone.',
  ),
  ISTH1512: entry(
    'warning',
    'Kind is gone with its objects',
    'Nothing, if its definition was removed: then they go too. Otherwise put the definition back.',
  ),
  ISTH1501: entry(
    'warning',
    'Lease cannot be held',
    'Let the API server be reached, and the service account get, list, watch, create and update Leases in the system namespace. Until then this replica serves, and writes nothing.',
  ),
  ISTH1502: entry(
    'error',
    'AddressLeases cannot be kept',
    'Install the definition in crds/address-lease.yaml, let the API server be reached, and the service account get, list, watch, create, patch and delete AddressLeases. Addresses in use stay as they are; new hosts wait.',
  ),
  ISTH1503: entry(
    'warning',
    'AddressLease says too little, or no address',
    'Delete it: the address that it is named after is given to nobody, and its host gets another.',
  ),
  ISTH1504: entry(
    'warning',
    'AddressLease does not count: another one has its host or its address',
    'Delete the one that does not count: an address that it alone has is given to nobody.',
  ),
  ISTH1505: entry(
    'warning',
    'Hosts wait for their addresses',
    'Let the replica that holds the Lease reach the API server: it writes their AddressLeases. Who that is: kubectl get leases, in the system namespace (isthmus-system by default), which has to be there.',
  ),
  ISTH1506: entry(
    'error',
    'Sidecars of istiod cannot be served',
    'Let --istiod be reached, --istio-root hold its root, and --istio-token a token of our service account for the audience istio-ca. Sidecars keep the routes that they have.',
  ),
  ISTH1507: entry(
    'warning',
    'Bootstrap of sidecars is not kept in a namespace',
    'Let the service account list, watch, create and patch the ConfigMaps isthmus-bootstrap-config and aeraki-bootstrap-config. Pods that refer to them start once they are there.',
  ),
  ISTH1518: entry(
    'error',
    'State in the cluster cannot be kept',
    'Let the API server be reached, and the service account get, list, watch, create and update Secrets and ConfigMaps in the system namespace.',
  ),
  ISTH1519: entry(
    'warning',
    'Records in the cluster cannot be kept',
    'Let the API server be reached, and the service account list, create and update ConfigMaps in the system namespace. Until then a replica that starts while a registry is away knows less of it.',
  ),
  ISTH1520: entry(
    'warning',
    'Replicas cannot tell one another what they see',
    'Let the API server be reached, and the service account list, watch, create, patch and delete ConfigMaps in the system namespace. Until then statuses speak of the proxies of the writing replica alone.',
  ),
};
