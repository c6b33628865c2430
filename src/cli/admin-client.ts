/** Asks a running control plane, over its admin API, what it knows. */
import { Option } from 'commander';
import { IsthmusError, messageOf } from '../model/errors.ts';
import { formatAddress, parseAddress } from '../model/tcp-address.ts';
import { readNamedFile } from './named-files.ts';

const DEFAULT_ADMIN_ADDRESS = '127.0.0.1:15014';

export interface AdminTarget {
  readonly admin: string;
  readonly adminTokenFile?: string;
}

export function adminOptions(): Option[] {
  return [
    new Option('--admin <address>', 'admin address of the control plane')
      .env('ISTHMUS_ADMIN')
      .default(DEFAULT_ADMIN_ADDRESS),
    new Option('--admin-token-file <file>', 'file with the token that the admin address asks for').env(
      'ISTHMUS_ADMIN_TOKEN_FILE',
    ),
  ];
}

/**
 * GETs a path of the admin API. Throws USAGE when the target is none, UNAVAILABLE when nobody answers, BAD_DATA when there
 * is no such thing.
 */
export async function adminGet(target: AdminTarget, path: string): Promise<unknown> {
  return ask(target, 'GET', path);
}

/** POSTs to a path of the admin API, which changes something. Throws as adminGet does. */
export async function adminPost(target: AdminTarget, path: string): Promise<unknown> {
  return ask(target, 'POST', path);
}

async function ask(target: AdminTarget, method: 'GET' | 'POST', path: string): Promise<unknown> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (target.adminTokenFile !== undefined) headers.authorization = await authorization(target.adminTokenFile);
  const response = await fetchFrom(target, `http://${addressOf(target)}${path}`, method, headers);
  if (response.ok) return response.json();
  const body = await response.text();
  if (response.status === 401)
    throw new IsthmusError('UNAVAILABLE', `${target.admin} asks for a token. Give it with --admin-token-file.`);
  throw new IsthmusError(response.status === 404 ? 'BAD_DATA' : 'UNAVAILABLE', body.trim());
}

async function authorization(tokenFile: string): Promise<string> {
  const token = (await readNamedFile(tokenFile, '--admin-token-file')).toString('utf8').trim();
  return `Bearer ${token}`;
}

function addressOf({ admin }: AdminTarget): string {
  const { host, port } = parseAddress(admin, '--admin');
  if (port === 0) throw new IsthmusError('USAGE', `--admin "${admin}" names port 0, at which nobody can answer.`);
  return formatAddress(host, port);
}

async function fetchFrom(
  target: AdminTarget,
  url: string,
  method: string,
  headers: Record<string, string>,
): Promise<Response> {
  try {
    return await fetch(url, { method, headers, signal: AbortSignal.timeout(10_000) });
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
    throw new IsthmusError(
      'UNAVAILABLE',
      `No control plane answers at ${target.admin}: ${cause}. Start one with "isthmus run", or name it with --admin.`,
      { cause: error },
    );
  }
}
