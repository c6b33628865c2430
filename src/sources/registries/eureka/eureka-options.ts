/** spec.options of a ServiceRegistry of type Eureka. */
import { parseDuration } from '../../../resources/durations.ts';
import { unknownOption } from '../refused-client.ts';

export interface EurekaOptions {
  /** Where `/apps` stands, without a final slash; undefined where it is to be found by trying. */
  readonly path: string | undefined;
  /** By what a service is named: its application, or each virtual address that its instances answer to. */
  readonly names: 'application' | 'vip';
  /** Milliseconds after which everything is read, though each delta was sound: hashes do not tell all. */
  readonly fullReadMs: number;
  /** Milliseconds for which a server that may just have started does not count as knowing everything. */
  readonly warmUpMs: number;
}

type Options = Readonly<Record<string, string>>;

const names = ['path', 'names', 'fullRead', 'warmUp'];
const longestPath = 256;

/** Gives why there are none, as text. */
export function eurekaOptions(options: Options): EurekaOptions | string {
  const unknown = unknownOption(options, names, 'Eureka');
  if (unknown !== undefined) return unknown;
  const { path, names: by = 'application', fullRead = '5m', warmUp = '2m' } = options;
  if (path !== undefined && !/^(\/[\w.~-]+)*\/?$/.test(path.slice(0, longestPath + 1)))
    return `options.path ${JSON.stringify(path)} is no path such as /eureka`;
  if (by !== 'application' && by !== 'vip') return `options.names ${JSON.stringify(by)} is neither application nor vip`;
  const fullReadMs = parseDuration(fullRead) ?? 0;
  if (fullReadMs < 1_000) return `options.fullRead ${JSON.stringify(fullRead)} is no duration of 1s or more`;
  const warmUpMs = parseDuration(warmUp) ?? -1;
  if (warmUpMs < 0) return `options.warmUp ${JSON.stringify(warmUp)} is no duration such as 2m, or 0s`;
  return { path: path?.replace(/\/$/, ''), names: by, fullReadMs, warmUpMs };
}
