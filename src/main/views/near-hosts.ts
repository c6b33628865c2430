/** Hosts that a user probably meant by a name that is none. */
import { suggestName } from '../../resources/name-suggestion.ts';

const shown = 3;
/** Enough for most meshes, and soon over: the control plane has other work. */
const compared = 20_000;

/**
 * At most three, the nearest first: the host itself where only the namespace before it was wrong, those whose name goes on
 * where the written one ends, and those of the same first label; where there is none, those that differ by a few letters.
 */
export function nearHosts(written: string, all: Iterable<string>): readonly string[] {
  const wanted = written.slice(written.lastIndexOf('/') + 1).toLowerCase();
  if (wanted === '') return [];
  const hosts = [...all].slice(0, compared).sort();
  const label = firstLabel(wanted);
  const kin = [
    ...hosts.filter((host) => host === wanted),
    ...hosts.filter((host) => host.startsWith(`${wanted}.`)),
    ...hosts.filter((host) => firstLabel(host) === label),
  ];
  const near = kin.length > 0 ? kin : misspelt(wanted, hosts);
  return [...new Set(near)].slice(0, shown);
}

function misspelt(wanted: string, hosts: readonly string[]): readonly string[] {
  const host = suggestName(wanted, hosts);
  if (host !== undefined) return [host];
  const label = suggestName(firstLabel(wanted), new Set(hosts.map(firstLabel)));
  return hosts.filter((one) => firstLabel(one) === label);
}

function firstLabel(host: string): string {
  const end = host.indexOf('.');
  return end === -1 ? host : host.slice(0, end);
}
