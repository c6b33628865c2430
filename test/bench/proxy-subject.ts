/** metaproxy as the benches start it: a process of its own, with the bootstrap that its parent sends. */
import { startMetaproxy } from '../../src/proxy/metaproxy.ts';

process.on('message', (bootstrap: unknown) => {
  void startMetaproxy({ bootstrap }).then(() => process.send?.('ready'));
});
process.on('disconnect', () => process.exit(0));
