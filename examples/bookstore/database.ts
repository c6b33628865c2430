/** MariaDB's server on an empty database. Its sidecar says who may come in, so that it asks nobody for a password. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const SCHEMA = `CREATE DATABASE IF NOT EXISTS warehouse;
CREATE TABLE IF NOT EXISTS warehouse.books (total INT NOT NULL);
INSERT INTO warehouse.books SELECT 0 WHERE NOT EXISTS (SELECT * FROM warehouse.books);
`;

/** The command that serves a database in this folder, which it makes. */
export function databaseCommand(folder: string): readonly string[] {
  const data = path.join(folder, 'data');
  const schema = path.join(folder, 'schema.sql');
  mkdirSync(data, { recursive: true });
  writeFileSync(schema, SCHEMA);
  return [
    'mariadbd',
    '--no-defaults',
    `--datadir=${data}`,
    `--socket=${path.join(folder, 'socket')}`,
    `--pid-file=${path.join(folder, 'pid')}`,
    `--init-file=${schema}`,
    '--bind-address=127.0.0.1',
    '--port=3306',
    '--user=root',
    '--skip-grant-tables',
    '--skip-name-resolve',
    '--skip-innodb',
    '--default-storage-engine=Aria',
  ];
}
