/** Three ZooKeepers that elect a leader, on loopback and free ports. */
import { freePorts } from '../../../examples/quickstart/free-ports.ts';
import { ZooKeeperServer } from './zookeeper-server.ts';

export class ZooKeeperEnsemble {
  readonly members: readonly ZooKeeperServer[];

  private constructor(members: readonly ZooKeeperServer[]) {
    this.members = members;
  }

  static async start(): Promise<ZooKeeperEnsemble> {
    const ids = [1, 2, 3];
    const ports = await freePorts(2 * ids.length);
    const servers = ids.map((id, at) => `server.${id}=127.0.0.1:${ports[2 * at]}:${ports[2 * at + 1]}`);
    const ensemble = ['initLimit=20', 'syncLimit=4', ...servers];
    const members = await Promise.all(ids.map((id) => ZooKeeperServer.plan({ member: { id, ensemble } })));
    await Promise.all(members.map((member) => member.restart()));
    return new ZooKeeperEnsemble(members);
  }

  get addresses(): readonly string[] {
    return this.members.map(({ address }) => address);
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.stop()));
  }
}
