/**
 * A working copy of manifests/, with free ports instead of the written ones, in a folder that `isthmus run` watches.
 * A phase changes the mesh as its operator would: by writing a manifest.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const templates = path.join(import.meta.dirname, 'manifests');

export interface ManifestFolder {
  readonly folder: string;
  /** Writes a manifest by rename, so that no reader ever sees half of it. */
  write(file: string, text: string): void;
  /** The text of a template with the ports replaced. */
  template(file: string): string;
}

/** `ports` maps each port written in the templates to the one to use. */
export function copyManifests(folder: string, ports: ReadonlyMap<number, number>): ManifestFolder {
  mkdirSync(folder, { recursive: true });
  const template = (file: string): string =>
    readFileSync(path.join(templates, file), 'utf8').replace(/\b19\d{3}\b/g, (port) =>
      String(ports.get(Number(port)) ?? port),
    );
  const write = (file: string, text: string): void => {
    const temporary = path.join(folder, `.${file}.new`);
    writeFileSync(temporary, text);
    renameSync(temporary, path.join(folder, file));
  };
  for (const file of readdirSync(templates)) write(file, template(file));
  return { folder, write, template };
}
