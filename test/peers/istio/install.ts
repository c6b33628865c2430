/** Builds istiod into the cache, for test/interop/kubernetes/istiod.test.ts. */
import { istiodPeer } from './istiod-peer.ts';

istiodPeer.install();
console.log(istiodPeer.find());
