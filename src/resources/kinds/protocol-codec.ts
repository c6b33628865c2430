/** isthmus.dev ProtocolCodec: its outline stands in crds/protocol-codec.yaml; whether it makes a codec, only compiling it tells. */
import { readCrdSchema } from '../crd-files.ts';
import { defineKind, type KindReader } from '../kind-reader.ts';
import type { ObjectMetadata } from '../metadata.ts';
import { parsePath } from '../problem.ts';
import type { ProtocolCodec } from '../types/isthmus.ts';

/** Says what is wrong with a description; nothing for one that compiles. Paths are those inside spec: `fields.id.offset`. */
export type CodecCheck = (
  spec: unknown,
  name: string,
) => readonly { readonly path: string; readonly message: string; readonly remedy?: string }[];

interface Content {
  readonly metadata: ObjectMetadata;
  readonly spec: Readonly<Record<string, unknown>>;
}

export function protocolCodec(checkCodec: CodecCheck | undefined): KindReader<ProtocolCodec> {
  return defineKind<Content, ProtocolCodec>({
    info: {
      kind: 'ProtocolCodec',
      group: 'isthmus.dev',
      plural: 'protocolcodecs',
      versions: ['v1alpha1'],
      scope: 'Cluster',
    },
    schema: () => readCrdSchema('protocol-codec'),
    check: ({ spec, metadata }, problems) => {
      // What breaks the schema's own rules would only be found a second time.
      if (problems.hasError) return;
      for (const { path, message, remedy } of checkCodec?.(spec, metadata.name) ?? []) {
        problems.add('ISTH0601', ['spec', ...parsePath(path)], message, remedy);
      }
    },
    build: ({ spec }, head) => ({ kind: 'ProtocolCodec', ...head, spec }),
  });
}
