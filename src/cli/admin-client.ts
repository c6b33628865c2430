/** Asks a running control plane, over its admin API, what it knows. */
import { readFile } from 'node:fs/promises';
import { Option } from 'commander';
import { IsthmusError, messageOf } from '../model/errors.ts';

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

/** GETs a path of the admin API. Throws UNAVAILABLE when nobody answers, BAD_DATA when there is no such thing. */
export async function adminGet(target: AdminTarget, path: string): Promise<unknown> {
  return ask(target, 'GET', path);
}

/** POSTs to a path of the admin API, which changes something. Throws as adminGet does. */
export async function adminPost(target: AdminTarget, path: string): Promise<unknown> {
  return ask(target, 'POST', path);
}

async function ask(target: AdminTarget, method: 'GET' | 'POST', path: string): Promise<unknown> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (target.adminTokenFile !== undefined) headers.authorization = `Bearer ${await readToken(target.adminTokenFile)}`;
  const response = await fetchFrom(target, method, path, headers);
  if (response.ok) return response.json();
  const body = await response.text();
  if (response.status === 401)
    throw new IsthmusError('UNAVAILABLE', `${target.admin} asks for a token. Give it with --admin-token-file.`);
  throw new IsthmusError(response.status === 404 ? 'BAD_DATA' : 'UNAVAILABLE', body.trim());
}

async function readToken(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new IsthmusError('USAGE', `--admin-token-file ${file} cannot be read: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

async function fetchFrom(
  target: AdminTarget,
  method: string,
  path: string,
  headers: Record<string, string>,
): Promise<Response> {
  try {
    return await fetch(`http://${target.admin}${path}`, { method, headers, signal: AbortSignal.timeout(10_000) });
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
    throw new IsthmusError(
      'UNAVAILABLE',
      `No control plane answers at ${target.admin}: ${cause}. Start one with "isthmus run", or name it with --admin.`,
      { cause: error },
    );
  }
}
