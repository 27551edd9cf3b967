/** What `sluice doctor` says of builds: of every one that is here, and of one that lacks something. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { everyFfmpegBuild, withBuild, type FfmpegBuild } from '../helpers/ffmpeg-builds.ts'

const { builds } = await everyFfmpegBuild()
const checksOf = async (build: FfmpegBuild) =>
  (await withBuild(build, () => import('../../functions/ffmpeg/build/checks.ts'))).checkFfmpeg()

describe.each(builds)('$name', (build) => {
  it('supports everything that functions need, and runs with few rights', async () => {
    const checks = await checksOf(build)
    expect(checks.find(({ check }) => check === 'FFmpeg can')).toMatchObject({ status: 'ok' })
    expect(checks.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok', 'ok'])
    expect(checks.find(({ check }) => check === 'FFmpeg runs')?.found).toMatch(
      process.getuid?.() === 0 ? /^as a user of its own/ : /^with the rights of the worker/,
    )
  })

  it('is reported with the features it lacks', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-crippled-'))
    const path = join(folder, 'ffmpeg')
    // The build itself, which keeps quiet about some of what it can.
    const hidden = 'libx264|libwebp| mxf |segment_time_delta|xerror| tonemap '
    await writeFile(path, `#!/bin/sh\n"${build.ffmpegPath}" "$@" | grep -vE '${hidden}'\n`)
    await chmod(path, 0o755)
    const checks = await checksOf({ ...build, ffmpegPath: path })
    await rm(folder, { recursive: true })
    const said = checks.filter(({ check }) => check === 'FFmpeg can')
    expect(said.map(({ status, found }) => `${status}: ${found}`)).toEqual([
      'warn: no mxf: files of these formats are refused',
      'warn: no libx264: mode exact fails',
      'warn: no libwebp: no picture and no preview can be a WebP',
      'warn: no tonemap: pictures made of HDR films look pale',
      'fail: no -segment_time_delta: nothing can be cut',
      'fail: no -xerror: nothing can be cut',
    ])
  })
})
