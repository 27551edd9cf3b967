import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { mediaFiles, usesFfmpeg } from '../media-files.ts'

const rootDir = join(import.meta.dirname, '..', '..')

it('finds the tests that run FFmpeg, and no others', async () => {
  const files = await mediaFiles(rootDir)
  for (const path of files) expect(existsSync(join(rootDir, path))).toBe(true)
  expect(files).toEqual(
    expect.arrayContaining([
      'test/e2e/spine.test.ts',
      'test/fault/hostile.test.ts',
      'test/integration/chunk-exact.test.ts',
      'test/integration/ffmpeg-sandbox.test.ts',
      'test/integration/probe.test.ts',
    ]),
  )
  for (const path of [
    'test/e2e/reprocess.test.ts',
    'test/integration/sweep.test.ts',
    'test/fault/model.test.ts',
  ])
    expect(files).not.toContain(path)
})

it.each([
  { line: "import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'", uses: true },
  { line: "import { chunk } from '../../functions/chunk.ts'", uses: true },
  { line: "import { runFfmpeg } from '../../functions/ffmpeg/run/ffmpeg.ts'", uses: true },
  { line: "import { defineFunction } from '../../runtime/function/definition.ts'", uses: false },
  { line: "import { functions } from './cleanup-functions.ts'", uses: false },
])('knows by an import: $line', ({ line, uses }) => expect(usesFfmpeg(`${line}\n`)).toBe(uses))
