import { describe, expect, it } from 'vitest'
import { outputsOf } from '../../../../runtime/api/results/outputs.ts'
import type { ManifestFile } from '../../../../runtime/output/manifest.ts'

const AT = { bucket: 'processed', key: 'a b/ü?#.mp4/hls/manifest.json' }
const FOLDER = 'a b/ü?#.mp4/hls/'
const fileOf = (name: string, more: Partial<ManifestFile> = {}): ManifestFile => ({
  key: `${FOLDER}~01/${name}`,
  role: 'chunk',
  contentType: 'video/mp4',
  bytes: 1,
  sha256: 'a'.repeat(64),
  ...more,
})

describe('an output', () => {
  it('has the address of its bytes, in which slashes stay and all else is escaped', () => {
    const [output] = outputsOf({ files: [fileOf('0.mp4', { index: 0 })], pointers: {} }, AT)
    expect(output).toMatchObject({ bucket: 'processed', role: 'chunk', index: 0 })
    expect(output?.href).toBe('/v1/files/processed/a%20b/%C3%BC%3F%23.mp4/hls/~01/0.mp4')
  })

  it('with a stable name has the address of that name, from which a playlist leads to its files', () => {
    const file = fileOf('pointer/master.m3u8')
    const [output] = outputsOf({ files: [file], pointers: { 'master.m3u8': file.key } }, AT)
    expect(output?.href).toMatch(/\/hls\/master\.m3u8$/)
    expect(output?.key).toBe(file.key)
  })

  it('of a name with half a character has an address all the same', () => {
    const [output] = outputsOf({ files: [fileOf('\ud800.mp4')], pointers: {} }, AT)
    expect(output?.href).toMatch(/%EF%BF%BD\.mp4$/)
  })
})

it('leaves out segments where not all files have room, since playlists lead to them', () => {
  const segments = Array.from({ length: 1_500 }, (_, index) =>
    fileOf(`${index}.m4s`, { role: 'segment', index }),
  )
  const outputs = outputsOf(
    { files: [...segments, fileOf('master.m3u8', { role: 'master' })], pointers: {} },
    AT,
  )
  expect(outputs).toHaveLength(1_000)
  expect(outputs[0]?.role).toBe('master')
})
