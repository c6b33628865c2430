import { describe, expect, it } from 'vitest';
import { decode, encode } from '../../xds-api/messages.ts';
import { fromJson } from '../../xds-api/proto-json.ts';
import { planAccess, planConnectionAccess } from './access-plan.ts';

const RBAC = 'envoy.config.rbac.v3.RBAC';

/** Through the bytes of what is sent. */
const rules = (json: Readonly<Record<string, unknown>>) => decode(RBAC, encode(RBAC, fromJson(RBAC, json)));
const policy = (fields: object) => rules({ policies: { one: { permissions: [any], principals: [any], ...fields } } });
const any = { any: true };

describe('access control', () => {
  it.each<[string, object, RegExp]>([
    ['that asks a condition', { condition: {} }, /conditions/],
    ['that asks a checked condition', { checked_condition: {} }, /conditions/],
    ['for nobody in particular', { principals: [] }, /principals is empty/],
    ['for nothing in particular', { permissions: [] }, /permissions is empty/],
    ['for callers at an address', { principals: [{ direct_remote_ip: { address_prefix: '10.0.0.0' } }] }, /principal/],
    ['for callers of whom nothing is said', { principals: [{}] }, /principal/],
    ['for paths', { permissions: [{ url_path: { path: { exact: '/' } } }] }, /permission/],
    ['for requests of which nothing is said', { permissions: [{}] }, /permission/],
    ['for all of no conditions', { permissions: [{ and_rules: {} }] }, /and_rules/],
  ])('refuses a policy %s, whole', (_, fields, reason) => {
    expect(() => planAccess(policy(fields))).toThrow(reason);
  });

  it('refuses to have no rules, only to log, and to ask connections for properties', () => {
    expect(() => planAccess(undefined)).toThrow(/rules are needed/);
    expect(() => planAccess(rules({ action: 'LOG' }))).toThrow(/action/);
    const property = { permissions: [{ not_rule: { header: { name: 'method', present_match: true } } }] };
    expect(() => planConnectionAccess(policy(property))).toThrow(/properties/);
    expect(planAccess(policy(property)).policies).toHaveLength(1);
  });
});
