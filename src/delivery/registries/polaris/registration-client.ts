/** Registering, deregistering and signs of life, by gRPC. */
import { type ChannelCredentials, Client, type ClientOptions, Metadata } from '@grpc/grpc-js';
import { IsthmusError, messageOf } from '../../../model/errors.ts';
import {
  decodeReply,
  encodeAddress,
  encodeInstance,
  type InstanceAddress,
  type InstanceMessage,
  type Reply,
} from './registration-messages.ts';

const deadlineMs = 5_000;

export interface RegistrationClient {
  /** Each rejects with UNAVAILABLE where the server cannot be asked. */
  register(instance: InstanceMessage): Promise<Reply>;
  deregister(instance: InstanceAddress): Promise<Reply>;
  beat(instance: InstanceAddress): Promise<Reply>;
  close(): void;
}

export function createRegistrationClient(
  address: string,
  credentials: ChannelCredentials,
  options: ClientOptions,
  token: string | undefined,
): RegistrationClient {
  const client = new Client(address, credentials, { 'grpc.use_local_subchannel_pool': 1, ...options });
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('x-polaris-token', token);
  const call = async <T>(name: string, encode: (message: T) => Buffer, message: T): Promise<Reply> => {
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    const deadline = Date.now() + deadlineMs;
    client.makeUnaryRequest(
      `/v1.PolarisGRPC/${name}`,
      encode,
      decodeReply,
      message,
      metadata,
      { deadline },
      (error, reply) => {
        if (reply !== undefined && error === null) resolve(reply);
        else reject(new IsthmusError('UNAVAILABLE', error === null ? 'no answer' : messageOf(error)));
      },
    );
    return promise;
  };
  return {
    register: (instance) => call('RegisterInstance', encodeInstance, instance),
    deregister: (instance) => call('DeregisterInstance', encodeAddress, instance),
    beat: (instance) => call('Heartbeat', encodeAddress, instance),
    close: () => client.close(),
  };
}
