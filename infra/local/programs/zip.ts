/** Reads a zip file in memory, of the kind that Go's module proxies return: neither split nor encrypted. @module */
import { inflateRawSync } from 'node:zlib'

export interface ZipEntry {
  readonly name: string
  readonly read: () => Buffer
}

const END_SIGNATURE = 0x06054b50
const ENTRY_SIGNATURE = 0x02014b50
const LOCAL_SIGNATURE = 0x04034b50
const END_BYTES = 22
/** The comment behind the end record has a length of 16 bits. */
const MAX_COMMENT_BYTES = 0xffff
const STORED = 0
const DEFLATED = 8
/** Marks that the real number is in a part that is not read here (more than 4 GB, or 65,535 files). */
const ELSEWHERE = [0xffff, 0xffff_ffff]

/**
 * The files in the order of its directory, without folders.
 *
 * @throws {Error} if it is damaged or of an unsupported kind
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.6
 */
export function readZip(zip: Buffer): readonly ZipEntry[] {
  const end = findEnd(zip)
  const count = zip.readUInt16LE(end + 10)
  let at = zip.readUInt32LE(end + 16)
  if (ELSEWHERE.includes(count) || ELSEWHERE.includes(at)) throw new Error('a zip file of the 64-bit kind')
  const entries: ZipEntry[] = []
  for (let index = 0; index < count; index++) {
    if (zip.readUInt32LE(at) !== ENTRY_SIGNATURE) throw new Error('a damaged zip file: an entry is missing')
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset))
    const name = zip.toString('utf8', at + 46, at + 46 + (nameBytes ?? 0))
    const [method, packedBytes, localAt] = [
      zip.readUInt16LE(at + 10),
      zip.readUInt32LE(at + 20),
      zip.readUInt32LE(at + 42),
    ]
    if (!name.endsWith('/'))
      entries.push({ name, read: () => readFile(zip, { method, packedBytes, localAt }) })
    at += 46 + (nameBytes ?? 0) + (extraBytes ?? 0) + (commentBytes ?? 0)
  }
  return entries
}

function findEnd(zip: Buffer): number {
  const first = Math.max(0, zip.length - END_BYTES - MAX_COMMENT_BYTES)
  for (let at = zip.length - END_BYTES; at >= first; at--) {
    if (zip.readUInt32LE(at) === END_SIGNATURE) return at
  }
  throw new Error('not a zip file, or an incomplete one')
}

interface Place {
  readonly method: number
  readonly packedBytes: number
  readonly localAt: number
}

function readFile(zip: Buffer, { method, packedBytes, localAt }: Place): Buffer {
  if (zip.readUInt32LE(localAt) !== LOCAL_SIGNATURE) throw new Error('a damaged zip file: a file is missing')
  // The length of its extra field may differ from the one in the directory.
  const begin = localAt + 30 + zip.readUInt16LE(localAt + 26) + zip.readUInt16LE(localAt + 28)
  const packed = zip.subarray(begin, begin + packedBytes)
  if (method === STORED) return packed
  if (method === DEFLATED) return inflateRawSync(packed)
  throw new Error(`a zip file with the unsupported compression method ${method}`)
}
