/** Test program: takes a state folder and holds it until it is killed. */
import { NodeStateFolder } from '../../src/delivery/files/state-folder.ts';

await new NodeStateFolder(process.argv[2] ?? '').lock();
process.send?.('locked');
setInterval(() => {}, 60_000);
