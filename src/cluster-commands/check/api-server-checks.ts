/** Does the API server answer, and is it new enough for our definitions? */
import { isMap } from '../../resources/plain-values.ts';
import { type Check, type CheckedCluster, failed, passed, warned } from './checking.ts';

/** CEL rules in definitions, selectable fields of pods' sleep: what the chart asks for as well. */
const oldestMinor = 30;

export function apiServerChecks({ server }: CheckedCluster): readonly Check[] {
  const section = 'kubernetes-api';
  let version: unknown;
  return [
    {
      section,
      check: 'the API server answers',
      ask: async () => {
        version = await server.get('/version');
        return passed();
      },
    },
    {
      section,
      check: `it is of version 1.${oldestMinor} or newer`,
      ask: async () => {
        const { gitVersion = 'unknown' } = isMap(version) ? version : {};
        const [, major, minor] = /^v(\d+)\.(\d+)/.exec(String(gitVersion)) ?? [];
        if (major === undefined)
          return warned(`Its version is ${String(gitVersion)}.`, 'See that it is 1.30 or newer.');
        if (Number(major) > 1 || Number(minor) >= oldestMinor) return passed();
        return failed(`Its version is ${String(gitVersion)}.`, `Upgrade the cluster to 1.${oldestMinor} or newer.`);
      },
    },
  ];
}
