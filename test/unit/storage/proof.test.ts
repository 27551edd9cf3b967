import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { proofOf } from '../../../runtime/storage/proof.ts'
import type { ObjectHead } from '../../../runtime/storage/storage.ts'
import { sha256Hex } from '../../helpers/sha256.ts'

const TEXT = '123456789'
/** The check value of the algorithm: 0xcbf43926. */
const CRC = 'y/Q5Jg=='
const head: ObjectHead = { etag: 'e', sizeBytes: 9, lastModifiedMs: 0, metadata: {} }

let dir: string
let path: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-proof-'))
  path = join(dir, 'file')
  await writeFile(path, TEXT)
})

afterAll(() => rm(dir, { recursive: true }))

it('of bytes, and of a file whose sha256 is known, is their sha256', async () => {
  const known = { path, sizeBytes: 9, sha256Hex: sha256Hex(TEXT) }
  for (const body of [{ bytes: Buffer.from(TEXT) }, known]) {
    const proof = await proofOf(body)
    const base64 = Buffer.from(sha256Hex(TEXT), 'hex').toString('base64')
    expect(proof.request()).toEqual({ headers: { 'x-amz-checksum-sha256': base64 } })
    expect(proof.isRepeated({ ...head, sha256Hex: sha256Hex(TEXT) })).toBe(true)
    expect([head, { ...head, sha256Hex: sha256Hex('?') }].map(proof.isRepeated)).toEqual([false, false])
    expect(proof.isSame({ ...head, sha256Hex: sha256Hex('?') })).toBe(false)
  }
})

it('of another file is its CRC-32, and its sha256 is known when it was sent to the end', async () => {
  const proof = await proofOf({ path, sizeBytes: 9 })
  expect(proof.request().headers).toEqual({ 'x-amz-checksum-crc32': CRC })
  expect([{ ...head, crc32: CRC }, head, { ...head, crc32: 'AAAAAA==' }].map(proof.isRepeated)).toEqual([
    true,
    false,
    false,
  ])
  expect([head, { ...head, crc32: 'AAAAAA==' }, { ...head, sizeBytes: 8 }].map(proof.isSame)).toEqual([
    true,
    false,
    false,
  ])
  const [broken, whole] = [proof.request(), proof.request()]
  broken.onStep?.(Buffer.from('1234'))
  expect(() => proof.sha256Hex).toThrow('no sending of the file has come to its end')
  whole.onStep?.(Buffer.from('12345'))
  whole.onStep?.(Buffer.from('6789'))
  expect(proof.sha256Hex).toBe(sha256Hex(TEXT))
})

it('of an empty file is known before anything is sent', async () => {
  await writeFile(path, '')
  const proof = await proofOf({ path, sizeBytes: 0 })
  expect([proof.request().headers, proof.sha256Hex]).toEqual([
    { 'x-amz-checksum-crc32': 'AAAAAA==' },
    sha256Hex(''),
  ])
})
