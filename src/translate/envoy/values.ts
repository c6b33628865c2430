/** Values that xDS messages share. No default is ever written: a message has one encoding. */
import { enumValue, type envoy, type google } from '../../xds-api/messages.ts';

const V3 = enumValue('envoy.config.core.v3.ApiVersion', 'V3');

/** Resources of this source come on the stream that brought the reference to them. */
export const adsSource: envoy.config.core.v3.ConfigSource = { ads: {}, resourceApiVersion: V3 };

export function duration(milliseconds: number): google.protobuf.Duration {
  const seconds = Math.floor(milliseconds / 1000);
  const nanos = Math.round((milliseconds - seconds * 1000) * 1_000_000);
  return { ...(seconds === 0 ? {} : { seconds }), ...(nanos === 0 ? {} : { nanos }) };
}

/** A wrapped number, present even when it is 0. */
export function wrapped(value: number): { value?: number } {
  return value === 0 ? {} : { value };
}

export function socketAddress(address: string, port: number): envoy.config.core.v3.Address {
  return { socketAddress: { address, portValue: port } };
}

/** Of a range that is valid. */
export function cidrRange(range: string): envoy.config.core.v3.CidrRange {
  const [addressPrefix = '', length = '0'] = range.split('/');
  const value = Number(length);
  return { addressPrefix, prefixLen: value === 0 ? {} : { value } };
}
