/** For tests: `isthmus run` with a DNS server, as its users start it, over a folder of manifests. */
import type { ChildProcess } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePorts, startIsthmus, temporaryFolder } from './isthmus-process.ts';

/** A host with a virtual IP, a Kubernetes Service, a headless one, and names that lead to others. */
export const dnsManifests = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: orders, namespace: shop }
spec:
  hosts: [orders.shop.mesh]
  ports: [{ number: 9090, name: tcp }]
  resolution: STATIC
  location: MESH_INTERNAL
  endpoints: [{ address: 127.0.0.1 }]
---
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { clusterIP: 10.96.0.7, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Service
metadata: { name: pods, namespace: shop }
spec: { clusterIP: None, ports: [{ name: tcp, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: pods-1, namespace: shop, labels: { kubernetes.io/service-name: pods } }
addressType: IPv4
ports: [{ name: tcp, port: 80 }]
endpoints: [{ addresses: [10.1.0.1] }, { addresses: [10.1.0.2] }]
---
apiVersion: v1
kind: Service
metadata: { name: legacy, namespace: shop }
spec: { type: ExternalName, externalName: orders.shop.mesh }
---
apiVersion: v1
kind: Service
metadata: { name: outside, namespace: shop }
spec: { type: ExternalName, externalName: www.example.com }
`;

export interface DnsControlPlane {
  readonly port: number;
  readonly admin: string;
  readonly xds: string;
  readonly process: ChildProcess;
  /** Replaces the manifests. */
  write(text: string): Promise<void>;
}

/** `parameters`: flags beside those that say where it listens. */
export async function startDnsControlPlane(
  manifests: string,
  parameters: readonly string[] = [],
): Promise<DnsControlPlane> {
  const folder = await temporaryFolder();
  const file = path.join(folder, 'mesh.yaml');
  await writeFile(file, manifests);
  const places = ['-f', file, '--state', path.join(folder, 'state'), ...freePorts, '--dns', '127.0.0.1:0'];
  const { process, dns, admin, xds } = await startIsthmus([...places, ...parameters]);
  return { port: Number(dns.split(':')[1]), admin, xds, process, write: (text) => writeFile(file, text) };
}
