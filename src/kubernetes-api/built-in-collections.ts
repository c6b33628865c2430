/** Collections that every API server has of itself, and that more than one room asks for. */
import type { ApiCollection } from './api-paths.ts';

export const configMaps: ApiCollection = { group: '', version: 'v1', plural: 'configmaps' };
export const leases: ApiCollection = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases' };
export const namespaces: ApiCollection = { group: '', version: 'v1', plural: 'namespaces' };
export const secrets: ApiCollection = { group: '', version: 'v1', plural: 'secrets' };

const admission = { group: 'admissionregistration.k8s.io', version: 'v1' } as const;
export const validatingWebhooks: ApiCollection = { ...admission, plural: 'validatingwebhookconfigurations' };
export const mutatingWebhooks: ApiCollection = { ...admission, plural: 'mutatingwebhookconfigurations' };
