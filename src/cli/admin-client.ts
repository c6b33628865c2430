/** Asks a running control plane, over its admin API, what it knows. */
import { request } from 'node:http';
import { hostname, userInfo } from 'node:os';
import { text } from 'node:stream/consumers';
import { Option } from 'commander';
import { callerHeader } from '../model/caller-header.ts';
import { IsthmusError, messageOf } from '../model/errors.ts';
import { parseAddress, type TcpAddress } from '../model/tcp-address.ts';
import { readTokenFile } from './token-file.ts';

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

/** `alice@laptop`: what is released is kept with it. */
function callerName(): string {
  return `${userName()}@${hostname()}`.replaceAll(/[^!-~]/g, '?');
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container need not have a name for its user.
    return String(process.getuid?.() ?? 'somebody');
  }
}

type Method = 'GET' | 'POST';

interface Answer {
  readonly status: number;
  readonly body: string;
}

async function ask(target: AdminTarget, method: Method, path: string): Promise<unknown> {
  const { admin, adminTokenFile } = target;
  const address = addressOf(target);
  const headers = {
    accept: 'application/json',
    ...(method === 'POST' ? { [callerHeader]: callerName() } : {}),
    ...(adminTokenFile === undefined ? {} : { authorization: `Bearer ${await readTokenFile(adminTokenFile)}` }),
  };
  const { status, body } = await exchange(address, method, path, headers).catch((error: unknown) => {
    if (isOtherProtocol(error)) throw noControlPlane(admin, error);
    throw new IsthmusError(
      'UNAVAILABLE',
      `No control plane answers at ${admin}: ${messageOf(error)}. Start one with "isthmus run", or name it with --admin.`,
      { cause: error },
    );
  });
  if (status === 200) return parse(body, admin);
  if (status === 401)
    throw new IsthmusError('UNAVAILABLE', `${admin} asks for a token. Give it with --admin-token-file.`);
  // Every answer of ours says what there is not: another server's says nothing of the mesh.
  if (status === 404 && !body.startsWith('There is no')) throw noControlPlane(admin);
  throw new IsthmusError(status === 404 ? 'BAD_DATA' : 'UNAVAILABLE', body.trim());
}

function addressOf({ admin }: AdminTarget): TcpAddress {
  const address = parseAddress(admin, '--admin');
  if (address.port === 0)
    throw new IsthmusError('USAGE', `--admin "${admin}" names port 0, at which nobody can answer.`);
  return address;
}

/** Not by fetch, which refuses ports that browsers do not like. */
async function exchange(
  address: TcpAddress,
  method: Method,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  const signal = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve, reject) => {
    const asked = request({ ...address, method, path, headers, signal }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    asked.once('error', reject);
    asked.end();
  });
}

const timeoutMs = 10_000;

function parse(body: string, admin: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw noControlPlane(admin, error);
  }
}

/** By the codes of Node's parser of HTTP. */
function isOtherProtocol(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('HPE_');
}

function noControlPlane(admin: string, cause?: unknown): IsthmusError {
  const message = `What answers at ${admin} is no control plane. Name one with --admin.`;
  return new IsthmusError('UNAVAILABLE', message, { cause });
}
