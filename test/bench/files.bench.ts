/**
 * Manifests from files into tables: the first load, and one changed endpoint. Prints JSON when run:
 * `node test/bench/files.bench.ts`.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Engine } from '../../src/collections/engine.ts';
import { createResourceReader } from '../../src/resources/reader.ts';
import { FileSource } from '../../src/sources/files/file-source.ts';
import { createSourceTables, type SourceTables } from '../../src/sources/resource-tables.ts';
import { type ServiceEntryFiles, serviceEntryFile, writeServiceEntryFiles } from './service-entry-files.ts';

export interface FileFigures {
  readonly files: number;
  readonly entries: number;
  readonly endpoints: number;
  readonly megabytes: number;
  /** From the start of the source until it is live. */
  readonly loadMs: number;
  readonly rssMb: number;
  /** From before a file is written until its one changed endpoint is in the table. */
  readonly changeMs: { readonly p50: number; readonly p99: number };
}

export async function measureFiles(shape: ServiceEntryFiles, changes: number): Promise<FileFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-bench-'));
  const paths = await writeServiceEntryFiles(folder, shape);
  const engine = new Engine();
  const tables = createSourceTables(engine);
  const source = new FileSource({
    roots: [folder],
    tables,
    batch: (change) => engine.batch(change),
    read: createResourceReader().readAll,
  });
  try {
    const start = performance.now();
    await source.start();
    const loadMs = performance.now() - start;
    const rssMb = process.memoryUsage().rss / 2 ** 20;
    const times: number[] = [];
    for (let change = 0; change < changes; change++) {
      times.push(await measureChange(engine, tables, paths, shape, change));
    }
    times.sort((a, b) => a - b);
    const entries = [...tables.resources.ServiceEntry.values()];
    return {
      files: paths.length,
      entries: entries.length,
      endpoints: entries.reduce((sum, entry) => sum + (entry.spec.endpoints?.length ?? 0), 0),
      megabytes: paths.reduce((sum, _, file) => sum + serviceEntryFile(file, shape).length, 0) / 1e6,
      loadMs,
      rssMb,
      changeMs: { p50: times[times.length >> 1] ?? 0, p99: times[Math.floor(times.length * 0.99)] ?? 0 },
    };
  } finally {
    await source.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureChange(
  engine: Engine,
  { resources }: SourceTables,
  paths: readonly string[],
  shape: ServiceEntryFiles,
  change: number,
): Promise<number> {
  const file = (change * 7) % paths.length;
  const text = serviceEntryFile(file, shape, 50 + (change % 200));
  const arrived = new Promise<void>((done) => {
    let isFirst = true;
    const stop = engine.sink(resources.ServiceEntry, () => {
      // A sink is called at once with what there is.
      if (isFirst) isFirst = false;
      else {
        stop();
        done();
      }
    });
  });
  const start = performance.now();
  await writeFile(paths[file] ?? '', text);
  await arrived;
  return performance.now() - start;
}

if (import.meta.main) {
  console.log(JSON.stringify(await measureFiles({ files: 100, entriesPerFile: 100, endpointsPerEntry: 10 }, 200)));
}
