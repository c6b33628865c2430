/** Plays httpbin.org: a place outside of the mesh that speaks HTTPS. Its certificate is given in the environment. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

const { KEY = '', CERTIFICATE = '' } = process.env;

createServer({ key: readFileSync(KEY), cert: readFileSync(CERTIFICATE) }, (_, response) => {
  response.setHeader('identity', 'httpbin.org');
  response.end('outside\n');
}).listen(443);
