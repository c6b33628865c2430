/** Which condition of its object a finding speaks of. */
import type { Finding } from '../../model/finding.ts';
import type { FindingCode } from '../../model/finding-catalogue.ts';

/**
 * reference: what it names is not there, or not for it. refusal: nothing of it is in force. conflict: another object is in
 * force instead. unwritten: Istio is not told of it. loss: something that it asks for is not done. advice: it is in force as
 * written.
 */
export type FindingMeaning = 'reference' | 'refusal' | 'conflict' | 'unwritten' | 'loss' | 'advice';

const references: readonly FindingCode[] = [
  'ISTH0304',
  'ISTH0306',
  'ISTH0309',
  'ISTH0503',
  'ISTH0504',
  'ISTH0505',
  'ISTH0506',
  'ISTH0507',
  'ISTH1101',
  'ISTH1102',
  'ISTH1105',
  'ISTH1302',
  'ISTH1304',
  'ISTH1305',
  'ISTH1330',
  'ISTH1331',
  'ISTH1332',
  'ISTH1334',
  'ISTH1338',
  'ISTH1341',
  'ISTH1345',
  'ISTH1410',
  'ISTH1414',
  'ISTH1420',
];

const refusals: readonly FindingCode[] = ['ISTH1104', 'ISTH1108', 'ISTH1301'];

const conflicts: readonly FindingCode[] = [
  'ISTH0305',
  'ISTH0307',
  'ISTH0316',
  'ISTH0501',
  'ISTH1103',
  'ISTH1107',
  'ISTH1335',
  'ISTH1337',
  'ISTH1343',
  'ISTH1402',
  'ISTH1406',
  'ISTH1412',
  'ISTH1421',
];

/** An object that is made of it is not in the cluster. */
const unwritten: readonly FindingCode[] = ['ISTH1701', 'ISTH1702', 'ISTH1707'];

/** Nothing of what is asked for is left out. */
const advices: readonly FindingCode[] = ['ISTH0115', 'ISTH1403', 'ISTH1413'];

const meanings: ReadonlyMap<FindingCode, FindingMeaning> = new Map([
  ...references.map((code) => [code, 'reference'] as const),
  ...refusals.map((code) => [code, 'refusal'] as const),
  ...conflicts.map((code) => [code, 'conflict'] as const),
  ...unwritten.map((code) => [code, 'unwritten'] as const),
  ...advices.map((code) => [code, 'advice'] as const),
]);

/** What nobody classed is a loss unless it is only for information: no rule is dropped in silence. */
export function meaningOf({ code, severity }: Pick<Finding, 'code' | 'severity'>): FindingMeaning {
  return meanings.get(code) ?? (severity === 'info' ? 'advice' : 'loss');
}

/** Where the mesh lets all through that a policy would keep out: the reason why that is not enforced, whatever else is found of it. */
export const reasonsOfOpenAccess: ReadonlyMap<FindingCode, string> = new Map([
  ['ISTH1351', 'AccessDisabled'],
  ['ISTH1354', 'AccessPermissive'],
]);
