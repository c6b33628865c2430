/** Whether what was found of an object leaves anything of it that a proxy could be told. */
import type { Finding } from '../../model/finding.ts';
import type { FindingCode } from '../../model/finding-catalogue.ts';
import type { AnyResource } from '../../resources/kinds.ts';
import { meaningOf } from './finding-meanings.ts';

/** Each says that nothing of its object is in force; the first three, since another one is, of which there can be but one. */
const ofAll: ReadonlySet<FindingCode> = new Set([
  ...(['ISTH0305', 'ISTH0307', 'ISTH0316'] as const),
  ...(['ISTH0306', 'ISTH1307', 'ISTH1330', 'ISTH1351', 'ISTH1354'] as const),
]);
/** Each says so of a MetaRouter at one of the services that it names; in the first, since another one is. */
const ofService: ReadonlySet<FindingCode> = new Set(['ISTH0501', 'ISTH0503', 'ISTH0504', 'ISTH0508']);

/** Why nothing of it can be programmed; empty where something can. `isRouted`: whether a port has its routes, if it is a MetaRouter. */
export function nothingToProgram(
  resource: AnyResource | undefined,
  findings: readonly Finding[],
  isRouted: boolean,
): readonly Finding[] {
  const whole = findings.filter(
    (one) =>
      ofAll.has(one.code) ||
      meaningOf(one) === 'refusal' ||
      (one.path === 'spec.host' && meaningOf(one) === 'reference'),
  );
  if (whole.length > 0 || resource?.kind !== 'MetaRouter') return whole;
  return isRouted ? [] : findings.filter(({ code }) => ofService.has(code));
}
