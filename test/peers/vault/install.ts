/** Builds Vault into the cache, for test/interop/vault.test.ts. */
import { vaultPeer } from './vault-peer.ts';

vaultPeer.install();
console.log(vaultPeer.find());
