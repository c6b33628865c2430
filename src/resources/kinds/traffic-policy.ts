/** A traffic policy: of a host, of a subset, or of one port of either. */
import { checkDuration, millisecondsOf } from '../duration-rules.ts';
import type { Path, Problems } from '../problem.ts';
import { forEachRepetition } from '../repetition.ts';
import type { Infer } from '../schema-language.ts';
import type { trafficPolicy } from '../schemas/destination-rule.ts';
import type { TrafficPolicySpec } from '../types/istio.ts';
import { checkLocalitySetting } from './locality-setting.ts';

type Content = Infer<typeof trafficPolicy>;
type PortContent = NonNullable<Content['portLevelSettings']>[number];
type LoadBalancerContent = NonNullable<Content['loadBalancer']>;
type HashContent = NonNullable<LoadBalancerContent['consistentHash']>;
type TcpContent = NonNullable<NonNullable<Content['connectionPool']>['tcp']>;
type PolicyPart = Pick<Content, 'loadBalancer' | 'connectionPool' | 'outlierDetection'>;

/** What nothing reads yet, below any policy. */
export const unusedInPolicy = [
  'tls',
  'connectionPool.http.maxConcurrentStreams',
  'connectionPool.http.h2UpgradePolicy',
  'connectionPool.http.useClientProtocol',
  'connectionPool.tcp.maxConnectionDuration',
  'connectionPool.tcp.idleTimeout',
  'connectionPool.tcp.tcpKeepalive.probes',
  'connectionPool.tcp.tcpKeepalive.interval',
  'loadBalancer.warmup',
  'loadBalancer.warmupDurationSecs',
  'loadBalancer.consistentHash.httpCookie',
  'loadBalancer.consistentHash.useSourceIp',
  'loadBalancer.consistentHash.httpQueryParameterName',
  'tunnel',
  'proxyProtocol',
  'retryBudget',
];

/** Envoy refuses a shorter one. */
const leastConnectTimeout = { ms: 1, text: '1ms' };
const leastInterval = { ms: 1, text: '1ms' };

export function checkTrafficPolicy(policy: Content, path: Path, problems: Problems): void {
  checkPolicyPart(policy, path, problems);
  checkDuration(policy.retryBudget?.budgetInterval, [...path, 'retryBudget', 'budgetInterval'], problems);
  const ports = policy.portLevelSettings ?? [];
  ports.forEach((port, index) => {
    checkPolicyPart(port, [...path, 'portLevelSettings', index], problems);
  });
  forEachRepetition(
    ports,
    (port) => port.port.number,
    ({ port }, index, first) => {
      const message = `${port.number} is the port of portLevelSettings[${first}] too.`;
      problems.add('ISTH0218', [...path, 'portLevelSettings', index, 'port', 'number'], message);
    },
  );
}

function checkPolicyPart(
  { loadBalancer, connectionPool, outlierDetection }: PolicyPart,
  path: Path,
  problems: Problems,
) {
  if (loadBalancer !== undefined) checkLoadBalancer(loadBalancer, [...path, 'loadBalancer'], problems);
  checkTcpSettings(connectionPool?.tcp ?? {}, [...path, 'connectionPool', 'tcp'], problems);
  checkDuration(connectionPool?.http?.idleTimeout, [...path, 'connectionPool', 'http', 'idleTimeout'], problems);
  checkDuration(outlierDetection?.interval, [...path, 'outlierDetection', 'interval'], problems, leastInterval);
  checkDuration(
    outlierDetection?.baseEjectionTime,
    [...path, 'outlierDetection', 'baseEjectionTime'],
    problems,
    leastInterval,
  );
}

export function checkTcpSettings(tcp: TcpContent, path: Path, problems: Problems): void {
  checkDuration(tcp.connectTimeout, [...path, 'connectTimeout'], problems, leastConnectTimeout);
  checkDuration(tcp.maxConnectionDuration, [...path, 'maxConnectionDuration'], problems);
  checkDuration(tcp.idleTimeout, [...path, 'idleTimeout'], problems);
  checkDuration(tcp.tcpKeepalive?.time, [...path, 'tcpKeepalive', 'time'], problems);
  checkDuration(tcp.tcpKeepalive?.interval, [...path, 'tcpKeepalive', 'interval'], problems);
}

function checkLoadBalancer(balancer: LoadBalancerContent, path: Path, problems: Problems): void {
  if (balancer.simple !== undefined && balancer.consistentHash !== undefined) {
    problems.add('ISTH0206', path, 'simple and consistentHash exclude each other.');
  }
  if (balancer.consistentHash !== undefined) checkHash(balancer.consistentHash, [...path, 'consistentHash'], problems);
  const { localityLbSetting: locality } = balancer;
  if (locality !== undefined) checkLocalitySetting(locality, [...path, 'localityLbSetting'], problems);
  checkDuration(balancer.warmupDurationSecs, [...path, 'warmupDurationSecs'], problems);
  checkDuration(balancer.warmup?.duration, [...path, 'warmup', 'duration'], problems);
}

const hashSources = ['httpHeaderName', 'httpCookie', 'useSourceIp', 'httpQueryParameterName'] as const;

function checkHash(hash: HashContent, path: Path, problems: Problems): void {
  const sources = hashSources.filter((source) => hash[source] !== undefined);
  if (sources.length > 1) problems.add('ISTH0206', path, `${sources.join(' and ')} exclude each other.`);
  if (sources.length === 0) {
    problems.add('ISTH0214', path, 'Nothing is hashed.', `Add httpHeaderName: the property whose value is hashed.`);
  }
  if (hash.ringHash !== undefined && hash.maglev !== undefined) {
    problems.add('ISTH0206', path, 'ringHash and maglev exclude each other.');
  }
  checkDuration(hash.httpCookie?.ttl, [...path, 'httpCookie', 'ttl'], problems);
  const tableSize = hash.maglev?.tableSize;
  if (tableSize !== undefined && tableSize !== 0 && !isPrime(tableSize)) {
    const message = `A maglev table's size must be a prime number, which ${tableSize} is not.`;
    problems.add('ISTH0222', [...path, 'maglev', 'tableSize'], message, 'Write a prime number, such as 65537.');
  }
}

/** At most 2,236 divisions: the schema bounds what is asked. */
function isPrime(number: number): boolean {
  if (number < 2) return false;
  for (let divisor = 2; divisor * divisor <= number; divisor += 1) if (number % divisor === 0) return false;
  return true;
}

export function readTrafficPolicy({ portLevelSettings, ...policy }: Content): TrafficPolicySpec {
  return {
    ...readPolicyPart(policy),
    ...(portLevelSettings === undefined ? {} : { portLevelSettings: portLevelSettings.map(readPort) }),
  };
}

function readPort({
  port,
  ...policy
}: PortContent): TrafficPolicySpec & { readonly port: { readonly number: number } } {
  return { ...readPolicyPart(policy), port };
}

function readPolicyPart(part: Omit<Content, 'portLevelSettings'>): TrafficPolicySpec {
  const { loadBalancer, connectionPool, outlierDetection, ...policy } = part;
  return {
    ...policy,
    ...(outlierDetection === undefined ? {} : { outlierDetection: readOutliers(outlierDetection) }),
    ...(loadBalancer === undefined ? {} : { loadBalancer: readLoadBalancer(loadBalancer) }),
    ...(connectionPool === undefined ? {} : { connectionPool: readConnectionPool(connectionPool) }),
  };
}

function readConnectionPool({ tcp, http }: NonNullable<Content['connectionPool']>) {
  return {
    ...(tcp === undefined ? {} : { tcp: readTcpSettings(tcp) }),
    ...(http === undefined ? {} : { http: readHttp(http) }),
  };
}

function readHttp({ idleTimeout, ...http }: NonNullable<NonNullable<Content['connectionPool']>['http']>) {
  return { ...http, ...(idleTimeout === undefined ? {} : { idleTimeout: millisecondsOf(idleTimeout) }) };
}

function readOutliers({ interval, baseEjectionTime, ...outliers }: NonNullable<Content['outlierDetection']>) {
  return {
    ...outliers,
    ...(interval === undefined ? {} : { interval: millisecondsOf(interval) }),
    ...(baseEjectionTime === undefined ? {} : { baseEjectionTime: millisecondsOf(baseEjectionTime) }),
  };
}

function readLoadBalancer({ warmupDurationSecs, ...balancer }: LoadBalancerContent) {
  return {
    ...balancer,
    ...(warmupDurationSecs === undefined ? {} : { warmupDurationSecs: millisecondsOf(warmupDurationSecs) }),
  };
}

export function readTcpSettings({
  connectTimeout,
  tcpKeepalive,
  maxConnectionDuration,
  idleTimeout,
  ...tcp
}: TcpContent) {
  return {
    ...tcp,
    ...(connectTimeout === undefined ? {} : { connectTimeout: millisecondsOf(connectTimeout) }),
    ...(maxConnectionDuration === undefined ? {} : { maxConnectionDuration: millisecondsOf(maxConnectionDuration) }),
    ...(idleTimeout === undefined ? {} : { idleTimeout: millisecondsOf(idleTimeout) }),
    ...(tcpKeepalive === undefined
      ? {}
      : {
          tcpKeepalive: {
            ...(tcpKeepalive.probes === undefined ? {} : { probes: tcpKeepalive.probes }),
            ...(tcpKeepalive.time === undefined ? {} : { time: secondsOf(tcpKeepalive.time) }),
            ...(tcpKeepalive.interval === undefined ? {} : { interval: secondsOf(tcpKeepalive.interval) }),
          },
        }),
  };
}

/** TCP counts keep-alive in whole seconds, at least one. */
function secondsOf(duration: string): number {
  return Math.max(1, Math.ceil(millisecondsOf(duration) / 1000));
}
