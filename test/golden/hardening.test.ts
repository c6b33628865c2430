/** What holds for each HTTP connection manager that a stock Envoy is told of, whatever service it is for. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const here = import.meta.dirname;
const MANAGER = 'HttpConnectionManager';

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}

/** All below a value. */
function managersIn(value: unknown): readonly Json[] {
  if (!isObject(value)) return [];
  const below = Object.values(value).flatMap(managersIn);
  return String(value['@type']).endsWith(`.${MANAGER}`) ? [value, ...below] : below;
}

const managers = globSync('*/out.xds.yaml', { cwd: here }).flatMap((file) => {
  const byKind: unknown = parse(readFileSync(path.join(here, file), 'utf8'));
  const kinds = isObject(byKind) ? [byKind.envoy, byKind['envoy-meta']] : [];
  return kinds.flatMap(managersIn).map((manager) => [`${path.dirname(file)} ${manager.statPrefix}`, manager] as const);
});

describe('HTTP as stock Envoys take it in', () => {
  it('is looked at here for both sides of a call', () => {
    expect(managers.some(([name]) => name.includes(' inbound|'))).toBe(true);
    expect(managers.some(([name]) => name.includes(' outbound|'))).toBe(true);
  });

  it.each(managers)('has one way to read a path: %s', (_, manager) => {
    expect(manager).toMatchObject({
      normalizePath: true,
      mergeSlashes: true,
      pathWithEscapedSlashesAction: 'REJECT_REQUEST',
    });
  });

  it.each(managers)('waits for nobody without end: %s', (_, { streamIdleTimeout, requestHeadersTimeout }) => {
    expect([streamIdleTimeout, requestHeadersTimeout]).toEqual(['300s', '10s']);
  });

  it.each(managers)('takes no word of a caller about itself: %s', (name, manager) => {
    // Where something depends on who calls by address, that is the connection's; nowhere is x-forwarded-for believed.
    expect(manager).toMatchObject({ internalAddressConfig: {}, useRemoteAddress: expect.any(Boolean) });
    expect(manager.xffNumTrustedHops).toBeUndefined();
    // What is set nowhere is sanitised as well; it is only not replaced by what the certificate says.
    if (name.includes(' outbound|')) expect(manager.forwardClientCertDetails).toBeUndefined();
    else
      expect(manager).toMatchObject({
        forwardClientCertDetails: 'SANITIZE_SET',
        setCurrentClientCertDetails: { uri: true, dns: true },
      });
  });
});
