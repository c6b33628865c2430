/** The one door to @peculiar/x509, which cannot be loaded before what it expects of `Reflect` is there. */
import './metadata-reflection.ts';

export {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
} from '@peculiar/x509';
