/** What the command tree can start. Each composition root is loaded when its command runs, and not before. */
import type { Actions } from '../cli/actions.ts';

export const actions: Actions = {
  run: async (options) => (await import('./run.ts')).run(options),
  proxy: async (options) => (await import('./proxy.ts')).proxy(options),
  checkRegistry: async (...checked) => (await import('./registries/registry-check.ts')).checkRegistry(...checked),
  createToken: async (...asked) => (await import('./certificates/token-making.ts')).createToken(...asked),
  readRoots: async (state) => (await import('./certificates/token-making.ts')).readRoots(state),
  makeEnvoyBootstrap: async (wish) => (await import('./envoy/envoy-bootstrap-making.ts')).makeEnvoyBootstrap(wish),
  keepProxyCertificates: async (wish) =>
    (await import('./certificates/proxy-certificates.ts')).keepProxyCertificates(wish),
  changeNamespaces: async (...asked) =>
    (await import('../cluster-commands/namespaces/namespaces.ts')).changeNamespaces(...asked),
  listNamespaces: async (cluster) =>
    (await import('../cluster-commands/namespaces/namespaces.ts')).listNamespaces(cluster),
  intercept: async (...asked) => (await import('./interception.ts')).intercept(...asked),
  adopt: async (wish) => (await import('../cluster-commands/adoption/adoption.ts')).adopt(wish),
  installation: async () => (await import('./kubernetes/installation.ts')).installation,
  loadOffline: async (files) => (await import('./offline.ts')).loadOffline(files),
};
