/** Files of ServiceEntries for benches: as many as asked for, each with static endpoints, shaped as users write them. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface ServiceEntryFiles {
  readonly files: number;
  readonly entriesPerFile: number;
  readonly endpointsPerEntry: number;
}

/** About 1.2 KB with ten endpoints. The address of the first endpoint ends with `lastByte`. */
export function serviceEntryYaml(index: number, endpoints: number, lastByte = 1): string {
  const name = `service-${String(index).padStart(5, '0')}`;
  const lines = [
    'apiVersion: networking.istio.io/v1',
    'kind: ServiceEntry',
    'metadata:',
    `  name: ${name}`,
    `  namespace: ns-${index % 100}`,
    '  labels:',
    '    registry: bench',
    'spec:',
    '  hosts:',
    `    - ${name}.ns-${index % 100}.example.com`,
    '  ports:',
    '    - number: 9090',
    '      name: tcp-metaprotocol-thrift',
    '      protocol: TCP',
    '  location: MESH_INTERNAL',
    '  resolution: STATIC',
    '  endpoints:',
  ];
  for (let endpoint = 0; endpoint < endpoints; endpoint++) {
    const last = endpoint === 0 ? lastByte : endpoint + 1;
    lines.push(
      `    - address: 10.${(index >> 8) & 255}.${index & 255}.${last}`,
      '      ports:',
      '        tcp-metaprotocol-thrift: 9090',
      '      labels:',
      `        version: v${1 + (endpoint % 2)}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** The text of one file; `lastByte` goes into its first entry only. */
export function serviceEntryFile(file: number, shape: ServiceEntryFiles, lastByte = 1): string {
  const first = file * shape.entriesPerFile;
  return Array.from({ length: shape.entriesPerFile }, (_, entry) =>
    serviceEntryYaml(first + entry, shape.endpointsPerEntry, entry === 0 ? lastByte : 1),
  ).join('---\n');
}

/** Writes all files into a folder; gives their paths. */
export async function writeServiceEntryFiles(folder: string, shape: ServiceEntryFiles): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true });
  const paths = Array.from({ length: shape.files }, (_, file) =>
    join(folder, `entries-${String(file).padStart(3, '0')}.yaml`),
  );
  for (const [file, path] of paths.entries()) await writeFile(path, serviceEntryFile(file, shape));
  return paths;
}
