/** dubbo.aeraki.io/v1alpha1 DubboAuthorizationPolicy: who may call which interfaces and methods of Dubbo. */
import type { Schema } from '../schema-language.ts';

const values = { type: 'array', maxItems: 256, items: { type: 'string', minLength: 1, maxLength: 2048 } } as const;

export const dubboAuthorizationPolicySpec = {
  type: 'object',
  properties: {
    action: { type: 'string', enum: ['ALLOW', 'DENY'] },
    rules: {
      type: 'array',
      maxItems: 256,
      items: {
        type: 'object',
        properties: {
          from: {
            type: 'array',
            maxItems: 256,
            items: {
              type: 'object',
              required: ['source'],
              properties: {
                source: {
                  type: 'object',
                  properties: { principals: values, notPrincipals: values, namespaces: values, notNamespaces: values },
                },
              },
            },
          },
          to: {
            type: 'array',
            maxItems: 256,
            items: {
              type: 'object',
              required: ['operation'],
              properties: {
                operation: {
                  type: 'object',
                  properties: { interfaces: values, notInterfaces: values, methods: values, notMethods: values },
                },
              },
            },
          },
        },
      },
    },
  },
} as const satisfies Schema;
