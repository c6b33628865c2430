/** 10: registries. */
import { entry } from './entry.ts';

export const registries = {
  ISTH1001: entry('error', 'Registry address is not valid', 'Write host:port, or a URL such as https://consul:8501.'),
  ISTH1002: entry('error', 'Host name of a mapping is not valid', 'Write one such as {service}.{namespace}.corp.mesh.'),
  ISTH1003: entry(
    'error',
    'Registry cannot be reached',
    'Look into its address, credentials and network. What it said last stays in force.',
  ),
  ISTH1004: entry(
    'warning',
    'Registry answers in part only',
    'Look into its state, unless it was just started: this passes by itself when the registry is sound. Nothing is removed by such an answer.',
  ),
  ISTH1005: entry(
    'warning',
    'Deletions are held',
    'If they are meant: isthmus registry release. Otherwise look into the registry; they are carried out when the hold time is over.',
  ),
  ISTH1006: entry(
    'warning',
    'Registration is refused',
    'Widen spec.trust of the ServiceRegistry, if it is to be allowed.',
  ),
  ISTH1007: entry(
    'warning',
    'Names of two registered services make one host',
    'Nothing, where the later one got a suffix. For a name of your choice give the mapping another host template; who is not served has to be registered by another name.',
  ),
  ISTH1008: entry(
    'warning',
    'All instances are unhealthy',
    'Look into the service. safety.whenAllUnhealthy says what happens.',
  ),
  ISTH1009: entry(
    'info',
    'Instances are left out',
    'Nothing, if it is meant: they are of another protocol than the port of the service.',
  ),
  ISTH1010: entry(
    'warning',
    'Registry was not seen since the start',
    'What is served is what it said before the start.',
  ),
  ISTH1011: entry(
    'info',
    'Registry is not asked',
    'isthmus registry check asks it. For its services here, export them: isthmus registry export, type: Snapshot.',
  ),
  ISTH1012: entry(
    'warning',
    'ServiceEntry asks for a service that no registry has',
    'Correct its annotations aeraki.net/polarisNamespace and polarisService, or register the service.',
  ),
  ISTH1013: entry(
    'warning',
    'Mesh service cannot be registered under its name',
    'Give publish.name of the ServiceRegistry a form that tells services apart, and that the registry takes.',
  ),
  ISTH1014: entry(
    'error',
    'Mesh services cannot be registered',
    'Look into the registry, and into what our token may write. What is registered lapses without signs of life.',
  ),
  ISTH1015: entry(
    'warning',
    'Registry changes too fast',
    'Look into what flaps there. trust.maxChanges says how many services may change in a minute.',
  ),
  ISTH1016: entry(
    'warning',
    'Registry keeps a part from our credentials',
    'Give spec.credentials of the ServiceRegistry the right to read it (for Consul, options.filtered: complete says that it is none of ours). Until then nothing of that part is removed.',
  ),
  ISTH1017: entry(
    'warning',
    'Registry holds what is no registration',
    'Correct or delete these entries in the registry, or spec.options where it says how they are to be read. All others count.',
  ),
  ISTH1018: entry(
    'warning',
    'Registry holds rules that are not carried out',
    'Say the same by a MetaRouter or a DestinationRule, or delete them in the registry. The providers count as they registered themselves.',
  ),
  ISTH1019: entry(
    'warning',
    'Registry holds more than is followed',
    'Narrow spec.select of the ServiceRegistry to what the mesh needs, or raise trust.maxServices. Nothing is removed for what is not followed.',
  ),
  ISTH1020: entry(
    'warning',
    'Registry lacks what is read of it',
    'Correct spec.select.namespaces, or the paths in spec.addresses and spec.options; or look whether the registry lost its data. Nothing is removed by it.',
  ),
  ISTH1021: entry(
    'error',
    'Options of a registry are not valid',
    'Correct spec.options of the ServiceRegistry. It is not asked until then; what it said last stays in force.',
  ),
};
