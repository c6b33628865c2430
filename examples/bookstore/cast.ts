/** Who plays: each workload with the identity that it proves, where it is, and what runs there. */
export interface Role {
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** As manifests/workloads.yaml has it. */
  readonly address: string;
  /** One of programs/, with its environment; MariaDB where there is none. */
  readonly program?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Calls headless services (mysql): its Envoy is handed every connection. Others bind virtual IPs. */
  readonly isRedirected?: boolean;
  /** Comes when everything stands. */
  readonly isCustomer?: boolean;
}

const role = (name: string, namespace: string, serviceAccount: string, host: number) => ({
  name,
  namespace,
  serviceAccount,
  address: `10.42.0.${host}`,
});

export const cast = {
  bookbuyer: { ...role('bookbuyer', 'bookbuyer', 'bookbuyer', 11), program: 'bookbuyer.ts', isCustomer: true },
  bookthief: { ...role('bookthief', 'bookthief', 'bookthief', 12), program: 'bookthief.ts', isCustomer: true },
  'bookstore-v1': {
    ...role('bookstore-v1', 'bookstore', 'bookstore', 13),
    program: 'bookstore.ts',
    environment: { IDENTITY: 'bookstore-v1' },
  },
  'bookstore-v2': {
    ...role('bookstore-v2', 'bookstore', 'bookstore-v2', 14),
    program: 'bookstore.ts',
    environment: { IDENTITY: 'bookstore-v2' },
  },
  bookwarehouse: {
    ...role('bookwarehouse', 'bookwarehouse', 'bookwarehouse', 15),
    program: 'bookwarehouse.ts',
    isRedirected: true,
  },
  mysql: role('mysql', 'bookwarehouse', 'mysql', 16),
} satisfies Readonly<Record<string, Role>>;

export type Player = keyof typeof cast;
