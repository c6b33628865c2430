/** The mode of access around the pipeline: what objects say is kept in the state folder, for when none says any. */
import { AccessKeeper } from '../../delivery/files/access-keeper.ts';
import { NodeStateFolder } from '../../delivery/files/state-folder.ts';
import type { Finding } from '../../model/finding.ts';
import type { Pipeline } from '../pipeline.ts';

export interface AccessKeeping {
  findings(): readonly Finding[];
  close(): Promise<void>;
}

/** The folder is locked by who keeps the leases in it. Throws STATE where what is kept cannot be read. */
export async function startAccessKeeping(
  { engine, mesh, keptAccess }: Pipeline,
  folder: string,
): Promise<AccessKeeping> {
  const keeper = await AccessKeeper.open({
    folder: new NodeStateFolder(folder),
    show: (mode) => engine.batch(() => keptAccess.set(mode)),
  });
  const stop = engine.sink(mesh.writtenAccess, (diff) => {
    for (const { after } of diff) if (after !== undefined) keeper.note(after);
  });
  return {
    findings: () => keeper.findings(),
    close: async () => {
      stop();
      await keeper.close();
    },
  };
}
