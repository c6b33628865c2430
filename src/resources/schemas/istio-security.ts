/** security.istio.io PeerAuthentication, AuthorizationPolicy and RequestAuthentication. */
import { duration, labels, type Schema } from '../schema-language.ts';

const text = { type: 'string', maxLength: 2048 } as const;
const headerName = { type: 'string', minLength: 1, maxLength: 256, pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$" } as const;
const texts = { type: 'array', maxItems: 1024, items: text } as const;

const target = {
  type: 'object',
  required: ['kind', 'name'],
  properties: { group: text, kind: text, name: text, namespace: text },
} as const;
const selector = { type: 'object', properties: { matchLabels: labels } } as const;
const scope = { selector, targetRef: target, targetRefs: { type: 'array', maxItems: 16, items: target } } as const;

const mtls = {
  type: 'object',
  properties: { mode: { type: 'string', enum: ['UNSET', 'DISABLE', 'PERMISSIVE', 'STRICT'] } },
} as const;

export const peerAuthenticationSpec = {
  type: 'object',
  properties: { selector, mtls, portLevelMtls: { type: 'object', maxProperties: 1024, additionalProperties: mtls } },
} as const satisfies Schema;

const source = {
  type: 'object',
  properties: {
    principals: texts,
    notPrincipals: texts,
    requestPrincipals: texts,
    notRequestPrincipals: texts,
    namespaces: texts,
    notNamespaces: texts,
    ipBlocks: texts,
    notIpBlocks: texts,
    remoteIpBlocks: texts,
    notRemoteIpBlocks: texts,
    serviceAccounts: texts,
    notServiceAccounts: texts,
    trustDomains: texts,
    notTrustDomains: texts,
  },
} as const;

const operation = {
  type: 'object',
  properties: {
    hosts: texts,
    notHosts: texts,
    ports: texts,
    notPorts: texts,
    methods: texts,
    notMethods: texts,
    paths: texts,
    notPaths: texts,
  },
} as const;

export const authorizationPolicySpec = {
  type: 'object',
  properties: {
    ...scope,
    action: { type: 'string', enum: ['ALLOW', 'DENY', 'AUDIT', 'CUSTOM'] },
    provider: { type: 'object', properties: { name: text } },
    rules: {
      type: 'array',
      maxItems: 512,
      items: {
        type: 'object',
        properties: {
          from: { type: 'array', maxItems: 512, items: { type: 'object', properties: { source } } },
          to: { type: 'array', maxItems: 512, items: { type: 'object', properties: { operation } } },
          when: {
            type: 'array',
            maxItems: 512,
            items: { type: 'object', required: ['key'], properties: { key: text, values: texts, notValues: texts } },
          },
        },
      },
    },
  },
} as const satisfies Schema;

export const requestAuthenticationSpec = {
  type: 'object',
  properties: {
    ...scope,
    jwtRules: {
      type: 'array',
      maxItems: 4096,
      items: {
        type: 'object',
        properties: {
          issuer: text,
          audiences: texts,
          jwksUri: text,
          jwks_uri: text,
          jwks: { type: 'string', maxLength: 262_144 },
          fromHeaders: {
            type: 'array',
            maxItems: 64,
            items: { type: 'object', required: ['name'], properties: { name: headerName, prefix: text } },
          },
          fromParams: texts,
          fromCookies: texts,
          outputPayloadToHeader: headerName,
          outputClaimToHeaders: {
            type: 'array',
            maxItems: 64,
            items: {
              type: 'object',
              required: ['header', 'claim'],
              properties: { header: headerName, claim: { type: 'string', minLength: 1, maxLength: 2048 } },
            },
          },
          forwardOriginalToken: { type: 'boolean' },
          timeout: duration,
          spaceDelimitedClaims: texts,
        },
      },
    },
  },
} as const satisfies Schema;
