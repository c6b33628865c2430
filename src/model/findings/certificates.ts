/** 12: identity and certificates. */
import { entry } from './entry.ts';

export const certificates = {
  ISTH1201: entry(
    'error',
    'Certificates cannot be issued',
    'Look into the authority named. Certificates that were issued stay in use until they expire.',
  ),
  ISTH1202: entry(
    'error',
    'Root certificate has expired',
    'Rotate the root at once, by force: nothing that it signed is trusted any more.',
  ),
  ISTH1203: entry('warning', 'Root certificate expires soon', 'Rotate the root: that takes as long as a leaf lives.'),
  ISTH1204: entry('info', 'Rotation of the root is under way', 'Take the next step when it is safe, or abort.'),
  ISTH1205: entry(
    'warning',
    'Private key may be read by others',
    'Let its owner alone read the file (chmod 600), and rotate the root if somebody may have read it.',
  ),
  ISTH1206: entry(
    'warning',
    'Certificate files cannot be used',
    'Complete or correct the files named. What was read last stays in force.',
  ),
  ISTH1207: entry(
    'warning',
    'Certificate is not renewed',
    'Look into the authority: it is asked again until the certificate expires.',
  ),
  ISTH1208: entry(
    'error',
    'Certificate has expired',
    'Look into the authority, and into the clock: peers refuse the workload until a certificate is issued.',
  ),
  ISTH1209: entry(
    'info',
    'Former root is still trusted',
    'Nothing: it goes when the last certificate that it signed has expired.',
  ),
  ISTH1210: entry(
    'warning',
    'Issuer is not taken over yet',
    'Mend what the message names, or wait: until then the issuer before goes on to sign.',
  ),
  ISTH1211: entry(
    'error',
    'Root certificate is not in force',
    'Correct the field named, or leave the object out: who signs now goes on.',
  ),
  ISTH1212: entry(
    'error',
    'Trust domain is not taken over',
    'Write the former one back. Another one makes every workload somebody else: start another mesh for it, and let the two trust each other by spec.trustBundles.',
  ),
  ISTH1213: entry(
    'info',
    'Root certificate is followed in another way',
    'Nothing, if what the message says is what you want.',
  ),
  ISTH1214: entry(
    'warning',
    'Bundle of another trust domain cannot be used',
    'Complete or correct the file named. What was read last stays in force.',
  ),
  ISTH1215: entry(
    'warning',
    'Role of a root certificate jumps',
    'Nothing is lost here. Elsewhere make it passive in between, until all workloads have certificates of the other root.',
  ),
  ISTH1216: entry(
    'error',
    'Root certificate is not valid yet',
    'Set the clock of this machine. Certificates that were issued stay in use, and others are issued once it is right.',
  ),
  ISTH1217: entry(
    'warning',
    'A new root was made though there was one',
    'Stop, put back a copy of the file and start again. Without one, tell proxies of the new root ("isthmus certificates roots"), or bootstrap them anew.',
  ),
};
