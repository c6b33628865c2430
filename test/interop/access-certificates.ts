/** Certificates of callers, as a mesh's authority makes them, and as those make them who would like to be taken for another. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

export interface Certificate {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

export interface Subject {
  readonly commonName?: string;
  /** As openssl writes them: `URI:spiffe://...`, `DNS:...`. */
  readonly alternatives?: readonly string[];
}

/** An authority whose files stand in `folder`. */
export class Authority {
  readonly #folder: string;
  readonly #name: string;

  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#name = name;
    this.#request(name, { commonName: name }, ['-addext', 'basicConstraints=critical,CA:TRUE']);
  }

  get root(): string {
    return readFileSync(this.#file(`${this.#name}.crt`), 'utf8');
  }

  issue(name: string, subject: Subject): Certificate {
    this.#request(name, subject, [
      ...['-CA', this.#file(`${this.#name}.crt`), '-CAkey', this.#file(`${this.#name}.key`)],
      ...['-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'keyUsage=critical,digitalSignature'],
    ]);
    return {
      cert: readFileSync(this.#file(`${name}.crt`), 'utf8'),
      key: readFileSync(this.#file(`${name}.key`), 'utf8'),
    };
  }

  #request(name: string, { commonName = '', alternatives = [] }: Subject, more: readonly string[]): void {
    // A slash would end the name.
    const subject = commonName === '' ? '/' : `/CN=${commonName.replaceAll('/', '\\/')}`;
    const names = alternatives.length === 0 ? [] : ['-addext', `subjectAltName=${alternatives.join(',')}`];
    const files = ['-keyout', this.#file(`${name}.key`), '-out', this.#file(`${name}.crt`)];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc'];
    execFileSync('openssl', ['req', '-x509', ...key, '-days', '1', '-subj', subject, ...names, ...files, ...more], {
      stdio: 'pipe',
    });
  }

  #file(name: string): string {
    return path.join(this.#folder, name);
  }
}
