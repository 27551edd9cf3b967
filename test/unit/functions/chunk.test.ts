import { expect, it } from 'vitest'
import { chunk } from '../../../functions/chunk.ts'
import { mergeOptions } from '../../../runtime/function/options.ts'
import { validOptions } from '../../../runtime/function/valid-options.ts'

it('copies everything in a file by default', () => {
  expect(chunk.options.parse({})).toEqual({ mode: 'copy', streams: 'all', onTruncated: 'fail' })
})

it('takes its options from an upload’s metadata, where all values are text', () => {
  const merged = mergeOptions(chunk, { metadata: { mode: 'exact', seconds: '2.5' } })
  expect(merged.options).toMatchObject({ mode: 'exact', seconds: 2.5 })
})

it.each(['fast', 'Exact', ''])('refuses the mode %j and lists those that there are', (mode) => {
  expect(() => mergeOptions(chunk, { metadata: { 'chunk.mode': mode } })).toThrow(
    /mode: one of copy, exact, default "copy"/,
  )
})

it.each(['33188', '100644', '0644'])(
  'takes the mode %j for a file’s rights, as s3fs and rclone write them, and says so',
  (mode) => {
    const { options, warnings } = mergeOptions(chunk, {
      metadata: { mode, mtime: '1.5', uid: '0', gid: '0' },
    })
    expect(options).toMatchObject({ mode: 'copy' })
    expect(warnings).toEqual([
      `metadata "mode" was ignored: "${mode}" is not a valid value of this option (one of copy, exact, default "copy"), so it may be another program's; the name "chunk.mode" always sets the option`,
    ])
  },
)

it.each(Object.keys(chunk.options.shape))('is not stopped by another program’s "%s"', (name) => {
  const { options, warnings } = mergeOptions(chunk, { metadata: { [name.toLowerCase()]: 'another’s' } })
  expect(options).toEqual(chunk.options.parse({}))
  expect(warnings).toEqual([expect.stringContaining(`metadata "${name}" was ignored: "another’s"`)])
})

it('lists its options in words', () => {
  expect(validOptions(chunk)).toContain(
    'bytes: a size of at least 65536 bytes, such as "25MB", "25MiB" or 25000000',
  )
})

it.each(['25MB', '25 MiB', 25_000_000, '25000000', '0.1GB'])('takes %j for a size', (bytes) => {
  expect(mergeOptions(chunk, { metadata: { bytes: String(bytes) } }).options).toMatchObject({
    bytes: String(bytes),
  })
})

it.each(['25', '25XB', '-1MB', 'MB', '', '64kB'])('refuses %j for a size and says what one is', (bytes) => {
  expect(() => mergeOptions(chunk, { metadata: { 'chunk.bytes': bytes } })).toThrow(
    /a size of at least 65536 bytes/,
  )
})

it('refuses two ways to say how large a chunk is, and names both', () => {
  const both = { bytes: '25MB', parts: '4' }
  expect(() => mergeOptions(chunk, { metadata: both })).toThrow(/"parts" and "bytes" each set the size/)
})
