/** `isthmus registry check`: one registry, read once into a mesh of its own. Nothing is kept, and nobody is served. */

import type { RegistryCheck } from '../../cli/actions.ts';
import { requireReadable } from '../../cli/named-files.ts';
import { Engine } from '../../collections/engine.ts';
import { systemClock } from '../../model/clock.ts';
import { IsthmusError } from '../../model/errors.ts';
import { endSentence, type Finding, formatObject } from '../../model/finding.ts';
import type { ServiceRegistry } from '../../resources/kinds.ts';
import { loadOnce } from '../../sources/files/load-once.ts';
import { RegistryBridges } from '../../sources/registries/registry-bridges.ts';
import { createManifestReader } from '../manifests.ts';
import { buildPipeline, type Pipeline } from '../pipeline.ts';
import { allFindings, bridgedServices, sortedValues } from '../views/admin-views.ts';
import { ownAddresses } from './own-addresses.ts';
import { registryClients } from './registry-clients.ts';

/** Throws USAGE where a path cannot be read; else as theOneMeant does. */
export async function checkRegistry(
  paths: readonly string[],
  name: string | undefined,
  timeoutMs: number,
  progress: (text: string) => void,
): Promise<RegistryCheck> {
  await requireReadable(paths, '-f');
  const engine = new Engine();
  const pipeline = buildPipeline(engine);
  const batch = (change: () => void): void => engine.batch(change);
  await loadOnce({ paths, tables: pipeline.sourced, batch, read: createManifestReader().readAll });
  const wanted = theOneMeant(pipeline, name);
  progress(`reading ${wanted.spec.type} registry ${wanted.metadata.name} at ${wanted.spec.addresses.join(', ')} ...`);
  const bridges = new RegistryBridges({
    clients: registryClients,
    registered: pipeline.registered,
    batch,
    clock: systemClock,
    recordsOf: () => [],
    note: () => {},
    own: () => ownAddresses(pipeline),
    onStatus: reporting(progress),
  });
  bridges.follow([{ key: wanted.key, before: undefined, after: wanted }]);
  try {
    await bridges.untilAnswered(timeoutMs);
    // What cannot be seen at first may be in a moment: a connection is tried again.
    await bridges.untilSeen(Math.min(timeoutMs, secondChanceMs));
    const [status] = bridges.statuses();
    if (status === undefined) throw new IsthmusError('INTERNAL', 'the registry that is checked has no status');
    const about = (finding: { readonly object: { readonly kind: string; readonly name: string } }): boolean =>
      finding.object.kind === 'ServiceRegistry' && finding.object.name === wanted.metadata.name;
    return {
      status,
      services: bridgedServices(pipeline, wanted.metadata.name, bridges),
      findings: allFindings(pipeline, bridges.findings()).filter(about),
    };
  } finally {
    await bridges.close();
  }
}

const secondChanceMs = 3_000;

/** Throws BAD_DATA where there is none that is meant, or it is not usable; USAGE where it may be several. */
function theOneMeant({ sourced, resources }: Pipeline, name: string | undefined): ServiceRegistry {
  const all = sortedValues(resources.ServiceRegistry);
  const [one, another] = name === undefined ? all : all.filter(({ metadata }) => metadata.name === name);
  if (one !== undefined && another === undefined) return one;
  const names = all.map(({ metadata }) => metadata.name).join(', ');
  if (one !== undefined) throw new IsthmusError('USAGE', `Say which registry, before -f: ${names}.`);
  const problems = sortedValues(sourced.findings).filter(({ severity }) => severity === 'error');
  const own = problems.filter(({ object }) => object.kind === 'ServiceRegistry' && object.name === name);
  const [first] = own.length > 0 ? own : problems;
  const others = names === '' ? '' : ` There are: ${names}.`;
  const what = name === undefined ? 'no usable ServiceRegistry' : `no usable ServiceRegistry "${name}"`;
  const why = first === undefined ? '' : ` ${formatProblem(first)}`;
  throw new IsthmusError('BAD_DATA', `There is ${what} in what was given.${others}${why}`);
}

function formatProblem({ place, object, path, message }: Finding): string {
  const where = place === undefined ? '' : `${place.file}:${place.line}: `;
  return endSentence(`${where}${formatObject(object)}${path === '' ? '' : ` ${path}`}: ${message}`);
}

/** Long work says how far it is, at most once a second. */
function reporting(progress: (text: string) => void) {
  let last = 0;
  return ({ services, awaited }: { readonly services: number; readonly awaited: number }): void => {
    const now = performance.now();
    if (awaited === 0 || now - last < 1000) return;
    last = now;
    progress(`${services} services read, ${awaited} to go ...`);
  };
}
