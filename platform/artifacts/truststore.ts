/**
 * Lets the Java runtime of the cache trust what this machine trusts. It brings a list of certificate authorities of its own,
 * frozen when it was built, and so does not know a company's; a Java of the machine reads the machine's.
 */
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { getCACertificates } from 'node:tls';

/** Where Debian, Fedora, and Alpine with macOS keep the list. */
const bundles = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/cert.pem'];

/** Writes a store in Java's own format (JKS) to `file`, and gives the options that make a virtual machine use it. */
export function writeTrustStore(file: string, env: NodeJS.ProcessEnv): string[] {
  const listed = [env.SSL_CERT_FILE, env.NODE_EXTRA_CA_CERTS, ...bundles].filter(
    (path) => path !== undefined && existsSync(path),
  );
  const texts = listed.map((path) => readFileSync(path!, 'utf8'));
  const certificates = certificatesIn(
    [...texts, ...getCACertificates('system'), ...getCACertificates('bundled')].join('\n'),
  );
  writeFileSync(file, packTrustStore(certificates));
  return [`-Djavax.net.ssl.trustStore=${file}`, '-Djavax.net.ssl.trustStoreType=JKS'];
}

/** In DER, each once; what is not a certificate is left out. */
function certificatesIn(pem: string): Buffer[] {
  const found = new Map<string, Buffer>();
  for (const [block] of pem.matchAll(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)) {
    try {
      const { fingerprint256, raw } = new X509Certificate(block);
      found.set(fingerprint256, raw);
    } catch {
      // One that this OpenSSL can not read: Java could not either.
    }
  }
  return [...found.values()];
}

/**
 * Magic number, version 2, count; per certificate: tag 2, alias, date, type, length, DER. At its end 20 bytes of digest, which
 * are read only when a password is given (source: sun.security.provider.JavaKeyStore, engineLoad).
 */
function packTrustStore(certificates: readonly Buffer[]): Buffer {
  const head = Buffer.concat([word32(0xfeedfeed), word32(2), word32(certificates.length)]);
  const entries = certificates.map((der, index) =>
    Buffer.concat([word32(2), text(`authority-${index}`), Buffer.alloc(8), text('X.509'), word32(der.length), der]),
  );
  return Buffer.concat([head, ...entries, Buffer.alloc(20)]);
}

function word32(value: number): Buffer {
  const word = Buffer.alloc(4);
  word.writeUInt32BE(value);
  return word;
}

/** Java's modified UTF-8, which is ASCII for ASCII. */
function text(ascii: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(ascii.length);
  return Buffer.concat([length, Buffer.from(ascii, 'ascii')]);
}
