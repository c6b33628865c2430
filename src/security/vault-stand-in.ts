/** For tests: a stand-in for Vault's PKI, of our own making, for faults that a real one does not show when told to. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { X509Certificate } from '../certificates/x509.ts';
import { readBounded } from '../model/bounded-input.ts';
import { type Identity, parseSpiffeId } from '../model/identity.ts';
import { type LeafContent, makeLeaf, makeRoot } from './certificate-profile.ts';
import { PrivateKey } from './private-key.ts';
import { readSigningRequest } from './signing-request.ts';

export const standInToken = 's.stand-in';

interface StandInIssuer {
  readonly pem: string;
  readonly key: PrivateKey;
}

export class VaultStandIn {
  readonly #server: Server;
  #port = 0;
  /** The last signs. */
  readonly issuers: StandInIssuer[] = [];
  /** Answers all requests so, while set. */
  outage: { readonly status: number; readonly body: string } | undefined;
  /** What is signed instead of what was asked for. */
  changes: Partial<LeafContent> = {};
  /** Method, path and body of each request. */
  readonly asked: {
    readonly method: string;
    readonly path: string;
    readonly body: Readonly<Record<string, unknown>>;
  }[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<VaultStandIn> {
    const server = createServer();
    const standIn = new VaultStandIn(server);
    server.on(
      'request',
      (request: IncomingMessage, response: ServerResponse) => void standIn.#answer(request, response),
    );
    await standIn.addIssuer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    standIn.#port = typeof address === 'object' && address !== null ? address.port : 0;
    return standIn;
  }

  get address(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async addIssuer(): Promise<StandInIssuer> {
    const key = await PrivateKey.generate('ecdsa-p256');
    const now = Date.now();
    const pem = await makeRoot(key, 'vault', { notBefore: now - 3_600_000, notAfter: now + 1e10 });
    const issuer = { pem, key };
    this.issuers.push(issuer);
    return issuer;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = (await readBounded(request, 100_000, 'the request')).toString();
    const [method, path] = [request.method ?? '', request.url ?? ''];
    const body: Readonly<Record<string, unknown>> = text === '' ? {} : JSON.parse(text);
    this.asked.push({ method, path, body });
    if (this.outage !== undefined) return void response.writeHead(this.outage.status).end(this.outage.body);
    if (request.headers['x-vault-token'] !== standInToken)
      return void response.writeHead(403).end('{"errors":["permission denied"]}');
    const data = await this.#dataOf(method, path, body);
    response
      .writeHead(data === undefined ? 404 : 200)
      .end(JSON.stringify(data === undefined ? { errors: [] } : { data }));
  }

  async #dataOf(method: string, path: string, body: Readonly<Record<string, unknown>>): Promise<object | undefined> {
    if (method === 'GET' && path === '/v1/pki/issuers?list=true')
      return { keys: this.issuers.map((_, n) => `issuer-${n}`) };
    const [, number] = /^\/v1\/pki\/issuer\/issuer-(\d+)\/json$/.exec(path) ?? [];
    const issuer = this.issuers[Number(number)];
    if (method === 'GET' && issuer !== undefined) return { certificate: issuer.pem, ca_chain: [issuer.pem] };
    return method === 'POST' && path === '/v1/pki/sign/mesh' ? this.#sign(body) : undefined;
  }

  async #sign({
    csr,
    uri_sans: uri,
    alt_names: names,
    ttl,
  }: Readonly<Record<string, unknown>>): Promise<object | undefined> {
    const [reading, signer] = [await readSigningRequest(String(csr)), this.issuers.at(-1)];
    const identity: Identity | undefined = parseSpiffeId(String(uri));
    if (reading.kind === 'refused' || identity === undefined || signer === undefined) return undefined;
    const now = Date.now();
    const validity = { notBefore: now - 30_000, notAfter: now + 1000 * Number.parseInt(String(ttl), 10) };
    const content = { identity, dnsNames: String(names).split(','), publicKey: reading.request.publicKey, validity };
    const certificate = await makeLeaf(
      { certificate: new X509Certificate(signer.pem), key: signer.key },
      { ...content, ...this.changes },
    );
    return { certificate, issuing_ca: signer.pem, ca_chain: [signer.pem] };
  }
}
