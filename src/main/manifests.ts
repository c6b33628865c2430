/** How manifests are read everywhere: every kind, with ProtocolCodecs checked by compiling them. */
import { compileDescription } from '../../codecs/declarative/compile.ts';
import { createResourceReader, type ResourceReader } from '../resources/reader.ts';

export function createManifestReader(): ResourceReader {
  return createResourceReader({
    checkCodec: (spec, name) => {
      const compiled = compileDescription(spec, name);
      return 'problems' in compiled ? compiled.problems : [];
    },
  });
}
