/** 02: rules of the kinds, beyond their schemas. */
import { entry } from './entry.ts';

export const rules = {
  ISTH0201: entry('error', 'Host name is not valid', 'Write a DNS name, such as orders.shop.mesh.'),
  ISTH0202: entry('error', 'Address is not valid', 'Write an IP address, or what the resolution asks for.'),
  ISTH0203: entry('error', 'Port is not valid', 'Give each port a number and a name of its own, and use these names.'),
  ISTH0204: entry(
    'error',
    'Label is not valid',
    'Write labels as Kubernetes takes them: at most 63 of A-Z a-z 0-9 - _ .',
  ),
  ISTH0205: entry('error', 'exportTo is not valid', "Write '*', '~', or a list of '.' and namespaces, each once."),
  ISTH0206: entry('error', 'Fields exclude each other', 'Keep one of the fields named.'),
  ISTH0207: entry('error', 'Port protocol is not known', 'Write TCP, or another of the protocols named.'),
  ISTH0208: entry('error', 'Duration is not valid', 'Write a number and a unit (h, m, s, ms), such as 100ms or 1h30m.'),
  ISTH0209: entry(
    'error',
    'Regular expression is not valid',
    'Write it in RE2 syntax: no look-around, no back-references.',
  ),
  ISTH0210: entry('error', 'Weights do not add up', 'Let the weights of the destinations add up to 100.'),
  ISTH0211: entry(
    'error',
    'Mirror is not complete',
    'Give mirrorPercentage a mirror, and a value above 0 and up to 100.',
  ),
  ISTH0212: entry('error', 'Rate limit is not complete', 'Give it a tokenBucket, or conditions with one each.'),
  ISTH0213: entry('warning', 'Route can never match', 'Put routes without a match last; keep one of them.'),
  ISTH0214: entry('error', 'Object is not complete', 'Add what is missing.'),
  ISTH0215: entry('error', 'Locality is not valid', 'Write region/zone/subzone, region/zone or region.'),
  ISTH0216: entry('warning', 'Entry is repeated', 'Remove the repetition; it has no effect.'),
  ISTH0217: entry('warning', 'Service has no ports', 'Add the ports that callers dial: nothing can reach it without.'),
  ISTH0218: entry('error', 'Name or number is used twice', 'Give each its own.'),
  ISTH0219: entry(
    'error',
    'Protocol name is not valid',
    'Use letters and digits only: it stands between hyphens in port names.',
  ),
  ISTH0220: entry('error', 'Service account is not valid', 'Write the name of a service account, in lower case.'),
  ISTH0221: entry('warning', 'Istio refuses this', 'Nothing, if Istio does not read the object.'),
  ISTH0222: entry('error', 'Load balancing is not valid', 'Write a value that proxies take.'),
  ISTH0223: entry('error', 'Address range is not valid', 'Write ranges such as 240.241.0.0/16 that do not overlap.'),
  ISTH0224: entry('warning', 'Nothing gets through', 'Nothing, if it is meant; otherwise fill what is named.'),
  ISTH0225: entry('error', 'Policy stands in a foreign namespace', 'Move it to the namespace of what it rules.'),
  ISTH0226: entry(
    'error',
    'Weight is not valid',
    'Write a whole number, or a quantity such as 500m, that is not negative.',
  ),
  ISTH0227: entry(
    'error',
    'SPIFFE id is not valid',
    'Write spiffe://<trust domain>/ns/<namespace>/sa/<service account>.',
  ),
  ISTH0228: entry(
    'error',
    'Condition on a header is not valid',
    'Write the name of a header, and an expression for its value.',
  ),
  ISTH0229: entry(
    'warning',
    'Restriction restricts nothing',
    'Do not rely on it: mend what makes it void, or remove it.',
  ),
  ISTH0244: entry('warning', 'Password stands in clear text', 'Put it into a Secret, and name that in auth.secret.'),
  ISTH0240: entry('error', 'Condition on requests is not valid', 'Write what the message asks for.'),
  ISTH0242: entry('error', 'Preference for places is not valid', 'Write what the message asks for.'),
  ISTH0243: entry(
    'warning',
    'Preference for places is not wholly read',
    'Write labels of places: topology.kubernetes.io/region, topology.kubernetes.io/zone, topology.istio.io/subzone.',
  ),
  ISTH0241: entry(
    'error',
    'Policy cannot be read, and closes what it is for',
    'Mend its errors, or remove it: what it was written to keep out cannot be told.',
  ),
};
