/** Peers that are Java programs: a Maven project beside their script, built into the cache with all that it needs. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder } from './cache.ts';
import { findOnPath, installDebian } from './debian.ts';
import type { Peer } from './peer.ts';

interface JavaProgram {
  readonly name: string;
  readonly purpose: string;
  /** Folder with pom.xml and src. */
  readonly folder: string;
  readonly mainClass: string;
}

/** `find` gives the folder of the classes; see classPath. */
export function javaPeer({ name, purpose, folder, mainClass }: JavaProgram): Peer {
  const cache = (): string => cacheFolder(name, path.join(folder, 'pom.xml'), ...sourcesIn(path.join(folder, 'src')));
  const classes = (): string => path.join(cache(), 'target/classes');
  const isBuilt = (): boolean =>
    existsSync(path.join(classes(), `${mainClass}.class`)) && existsSync(path.join(cache(), 'lib'));
  return {
    name,
    purpose,
    find: () => (isBuilt() ? classes() : undefined),
    install: () => {
      if (['javac', 'mvn'].some((program) => findOnPath(program) === undefined))
        installDebian(['default-jdk-headless', 'maven']);
      for (const file of ['pom.xml', 'src'])
        cpSync(path.join(folder, file), path.join(cache(), file), { recursive: true });
      const goals = ['dependency:copy-dependencies', 'compile'];
      const options = ['-DincludeScope=runtime', '-DoutputDirectory=lib'];
      execFileSync('mvn', ['-B', '-q', ...goals, ...options], { cwd: cache(), stdio: ['ignore', 'pipe', 'pipe'] });
    },
  };
}

function sourcesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

/** `classes`: of an installed peer. Jars whose names begin with one of `first` come before all others. */
export function classPath(classes: string, first: readonly string[] = []): string {
  const lib = path.join(classes, '../../lib');
  const jars = readdirSync(lib).filter((jar) => first.some((start) => jar.startsWith(start)));
  return [...jars.map((jar) => path.join(lib, jar)), classes, path.join(lib, '*')].join(path.delimiter);
}
