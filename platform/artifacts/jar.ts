/** Writes and lists jars, which are zip archives; entries are stored as they are. A Java runtime brings no tool that does. */
import { crc32 } from 'node:zlib';

export interface JarEntry {
  /** `millrace/MillraceKafka.class` */
  readonly path: string;
  readonly content: Buffer;
}

/** 1980-01-01, the zip epoch, in the format of MS-DOS: the same classes give the same jar, byte by byte. */
const dosTime = 0;
const dosDate = (1 << 5) | 1;
/** Zip 2.0; names in UTF-8 (general purpose bit 11). PKWARE APPNOTE 4.3.7, 4.3.12 and 4.3.16. */
const zipVersion = 20;
const utf8Names = 1 << 11;

export function packJar(entries: readonly JarEntry[]): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { path, content } of entries.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const name = Buffer.from(path, 'utf8');
    const shared = sharedFields(name, content);
    const local = Buffer.concat([word32(0x04034b50), word16(zipVersion), shared, word16(0), name]);
    bodies.push(local, content);
    const version = Buffer.concat([word16(zipVersion), word16(zipVersion)]);
    const none = Buffer.alloc(12);
    directory.push(word32(0x02014b50), version, shared, none, word32(offset), name);
    offset += local.length + content.length;
  }
  const listed = Buffer.concat(directory);
  const counts = Buffer.concat([word32(0), word16(entries.length), word16(entries.length)]);
  const end = Buffer.concat([word32(0x06054b50), counts, word32(listed.length), word32(offset), word16(0)]);
  return Buffer.concat([...bodies, listed, end]);
}

/** From the flags to the length of the name: the same in a local header and in the directory. */
function sharedFields(name: Buffer, content: Buffer): Buffer {
  const stored = 0;
  return Buffer.concat([
    word16(utf8Names),
    word16(stored),
    word16(dosTime),
    word16(dosDate),
    word32(crc32(content)),
    word32(content.length),
    word32(content.length),
    word16(name.length),
  ]);
}

function word16(value: number): Buffer {
  const word = Buffer.alloc(2);
  word.writeUInt16LE(value);
  return word;
}

function word32(value: number): Buffer {
  const word = Buffer.alloc(4);
  word.writeUInt32LE(value);
  return word;
}

/** The paths in a jar. Throws RangeError when it is not a zip archive. */
export function pathsIn(jar: Buffer): string[] {
  const end = jar.lastIndexOf(word32(0x06054b50));
  const paths: string[] = [];
  let at = jar.readUInt32LE(end + 16);
  for (let left = jar.readUInt16LE(end + 10); left > 0; left -= 1) {
    const nameLength = jar.readUInt16LE(at + 28);
    paths.push(jar.toString('utf8', at + 46, at + 46 + nameLength));
    at += 46 + nameLength + jar.readUInt16LE(at + 30) + jar.readUInt16LE(at + 32);
  }
  return paths;
}
