/** Where copies of requests go, and shares of requests as Envoy counts them. */
import type { Mirror } from '../../model/route.ts';
import { enumValue, type envoy } from '../../xds-api/messages.ts';
import { outboundClusterName } from '../names/resource-names.ts';

interface MirrorPolicy {
  cluster: string;
  runtimeFraction: envoy.config.core.v3.RuntimeFractionalPercent;
}

const MILLION = enumValue('envoy.type.v3.FractionalPercent.DenominatorType', 'MILLION');

export function mirrorPolicy({ destination: { host, port, subset }, percentage }: Mirror): MirrorPolicy {
  return { cluster: outboundClusterName(host, port, subset), runtimeFraction: { defaultValue: percentOf(percentage) } };
}

/** 0 to 100, to a ten thousandth. */
export function percentOf(percentage: number): envoy.type.v3.FractionalPercent {
  const numerator = Math.floor(percentage * 10_000);
  return { ...(numerator === 0 ? {} : { numerator }), denominator: MILLION };
}
