import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { headerBytesIn, headerBytesOf } from '../../../../runtime/reception/spool/header-bytes.ts'

function box(type: string, sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes)
  bytes.writeUInt32BE(sizeBytes, 0)
  bytes.write(type, 4, 'latin1')
  return bytes
}
const HEADER = Buffer.concat([box('ftyp', 28), box('moov', 1_151)])

it('ends where the first fragment starts', () => {
  expect(headerBytesOf(Buffer.concat([HEADER, box('moof', 100), box('mdat', 5_000)]))).toBe(1_179)
})

it.each([
  ['nothing', Buffer.alloc(0)],
  ['a header without a fragment', HEADER],
  ['a fragment without a header', Buffer.concat([box('ftyp', 28), box('moof', 100)])],
  ['a box whose size cannot be', Buffer.concat([box('ftyp', 28), Buffer.alloc(64)])],
  ['MPEG-TS', Buffer.alloc(188 * 4, 0x47)],
])('is unknown for %s', (_what, bytes) => {
  expect(headerBytesOf(bytes)).toBeUndefined()
})

it('is read from a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-header-'))
  try {
    writeFileSync(join(folder, 'piece.mp4'), Buffer.concat([HEADER, box('moof', 100)]))
    expect(headerBytesIn(join(folder, 'piece.mp4'))).toBe(1_179)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
