/** What the command tree can start. Each composition root is loaded when its command runs, and not before. */
import type { Actions } from '../cli/actions.ts';

export const actions: Actions = {
  run: async (options) => (await import('./run.ts')).run(options),
  proxy: async (options) => (await import('./proxy.ts')).proxy(options),
  checkRegistry: async (...checked) => (await import('./registries/registry-check.ts')).checkRegistry(...checked),
  createToken: async (...asked) => (await import('./certificates/token-making.ts')).createToken(...asked),
  readRoots: async (folder) => (await import('./certificates/token-making.ts')).readRoots(folder),
  makeEnvoyBootstrap: async (wish) => (await import('./envoy/envoy-bootstrap-making.ts')).makeEnvoyBootstrap(wish),
  keepProxyCertificates: async (wish) =>
    (await import('./certificates/proxy-certificates.ts')).keepProxyCertificates(wish),
  loadOffline: async (files) => (await import('./offline.ts')).loadOffline(files),
};
