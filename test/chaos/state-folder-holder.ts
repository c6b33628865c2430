/** Test program: takes a state folder and holds it until it is killed. */
import { HeldStateFolder } from '../../src/delivery/files/held-state-folder.ts';

await new HeldStateFolder(process.argv[2] ?? '').take();
process.send?.('locked');
setInterval(() => {}, 60_000);
