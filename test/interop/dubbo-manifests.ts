/** Manifests of the desk that Java programs serve and call by Dubbo, in two versions. */

export interface DubboDesk {
  readonly port: number;
  readonly v1: number;
  readonly v2: number;
}

export const dubboDeskHost = 'desk.dubbo.mesh';

/** Nothing runs as version 3, and the method `nothing` has no route. */
export const dubboDeskManifest = ({ port, v1, v2 }: DubboDesk): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: desk, namespace: dubbo }
spec:
  hosts: [${dubboDeskHost}]
  location: MESH_INTERNAL
  resolution: STATIC
  ports:
    - { number: ${port}, name: tcp-metaprotocol-dubbo-desk, protocol: TCP }
  endpoints:
    - { address: 127.0.0.1, ports: { tcp-metaprotocol-dubbo-desk: ${v1} }, labels: { version: v1 } }
    - { address: 127.0.0.1, ports: { tcp-metaprotocol-dubbo-desk: ${v2} }, labels: { version: v2 } }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: desk, namespace: dubbo }
spec:
  host: ${dubboDeskHost}
  subsets:
    - { name: v1, labels: { version: v1 } }
    - { name: v2, labels: { version: v2 } }
    - { name: v3, labels: { version: v3 } }
---
apiVersion: metaprotocol.aeraki.io/v1alpha1
kind: MetaRouter
metadata: { name: desk, namespace: dubbo }
spec:
  hosts: [${dubboDeskHost}]
  routes:
    - name: canary
      match: { attributes: { interface: { exact: desk.DeskService }, tag: { exact: canary } } }
      route: [{ destination: { host: ${dubboDeskHost}, subset: v2 } }]
    - name: changed
      match: { attributes: { tag: { prefix: change } } }
      route: [{ destination: { host: ${dubboDeskHost}, subset: v1 } }]
      requestMutation: [{ key: tag, value: changed }]
      responseMutation: [{ key: served-by, value: metaproxy }]
    - name: lost
      match: { attributes: { tag: { exact: lost } } }
      route: [{ destination: { host: ${dubboDeskHost}, subset: v3 } }]
    - name: notes
      match: { attributes: { method: { exact: notes } } }
      route: [{ destination: { host: ${dubboDeskHost}, subset: v1 } }]
    - name: rest
      match: { attributes: { interface: { exact: desk.DeskService }, method: { regex: "greet|reflect|note|attachment" } } }
      route: [{ destination: { host: ${dubboDeskHost}, subset: v1 } }]
`;
