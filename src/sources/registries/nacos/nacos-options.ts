/** What a ServiceRegistry of type Nacos says in `options`, and where its servers are. */
import { parseDuration } from '../../../resources/durations.ts';
import { unknownOption } from '../refused-client.ts';

export interface NacosOptions {
  /** auto: gRPC, and HTTP for as long as that cannot be reached. */
  readonly transport: 'auto' | 'grpc' | 'http';
  /** Of all addresses; without it, theirs and 1000. */
  readonly grpcPort?: number;
  /** For so long after a reconnect nothing is taken to be gone: publishers register again meanwhile. */
  readonly warmUpMs: number;
}

export interface NacosServer {
  /** Of HTTP, with the context path. */
  readonly http: URL;
  /** With a scheme, as grpcConnection takes it. */
  readonly grpc: string;
}

const known = ['transport', 'grpcPort', 'warmUp'];
const grpcOffset = 1_000;

/** Gives why there are none, as text. */
export function nacosOptions(options: Readonly<Record<string, string>>): NacosOptions | string {
  const unknown = unknownOption(options, known, 'Nacos');
  if (unknown !== undefined) return unknown;
  const { transport = 'auto', grpcPort, warmUp = '15s' } = options;
  if (transport !== 'auto' && transport !== 'grpc' && transport !== 'http')
    return `options.transport ${JSON.stringify(transport)} is neither auto, grpc nor http`;
  const warmUpMs = parseDuration(warmUp);
  if (warmUpMs === undefined || warmUpMs < 0) return `options.warmUp ${JSON.stringify(warmUp)} is no duration`;
  if (grpcPort === undefined) return { transport, warmUpMs };
  const port = Number(grpcPort);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return `options.grpcPort ${grpcPort} is no port`;
  return { transport, warmUpMs, grpcPort: port };
}

/** `address`: host:port, or a URL, of which the path is the server's context, `/nacos` by default. */
export function nacosServer(address: string, isTls: boolean, { grpcPort }: NacosOptions): NacosServer | undefined {
  const http = URL.parse(address.includes('://') ? address : `${isTls ? 'https' : 'http'}://${address}`);
  if (http === null) return undefined;
  const usualPort = http.protocol === 'https:' ? 443 : 80;
  const port = grpcPort ?? (http.port === '' ? usualPort : Number(http.port)) + grpcOffset;
  if (http.pathname === '/') http.pathname = '/nacos';
  return { http, grpc: `${http.protocol}//${http.hostname}:${port}` };
}
