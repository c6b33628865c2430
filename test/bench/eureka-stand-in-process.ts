/**
 * A stand-in for a Eureka server, in a process of its own, for eureka-poll.bench.ts: services with instances, of which some
 * changed a moment ago and one more changes for each message of the parent. Tells its address, and then each change.
 */
import { EurekaStandIn, type StandInInstance } from '../../src/sources/registries/eureka/eureka-stand-in.ts';

const [services = 0, instances = 0, changed = 0] = process.argv.slice(2).map(Number);
const standIn = new EurekaStandIn();
for (let at = 0; at < services * instances; at++) standIn.set(instance(at, 'v1'));
standIn.forgetChanges();
for (let at = 0; at < changed; at++) standIn.set(instance(at, 'v2'));
const address = await standIn.listen();
process.send?.({ address });
let changes = 0;
process.on('message', () => {
  changes++;
  standIn.set(instance(changes % (services * instances), `v${2 + changes}`));
});
process.on('disconnect', () => process.exit());

function instance(at: number, version: string): StandInInstance {
  const service = at % services;
  const number = Math.floor(at / services);
  return {
    app: `SERVICE-${service}`,
    instanceId: `service-${service}-${number}`,
    ipAddr: `10.${service >> 8}.${service & 255}.${number + 1}`,
    metadata: { version, zone: `zone-${number % 3}`, 'management.port': '8081' },
  };
}
