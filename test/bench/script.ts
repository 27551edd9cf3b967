/** The peer of `chunk`: what one would write by hand. Down, cut, up, one after the other, by `mc` and FFmpeg alone. @module */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findBinaries } from '../../functions/ffmpeg/build/binaries.ts'
import type { TestStack } from '../helpers/stack.ts'

const run = promisify(execFile)

const SCRIPT = `set -e
"$MC" --config-dir "$MC_DIR" cp --quiet "$FROM" in.mp4 >/dev/null
mkdir out
"$FFMPEG" -hide_banner -nostdin -loglevel error -i in.mp4 -map 0 -c copy -f segment -segment_time 6 -reset_timestamps 1 out/chunk-%05d.mp4
"$MC" --config-dir "$MC_DIR" cp --quiet --recursive out/ "$TO" >/dev/null
`

/** How long the script takes, from its first command to its last. */
export async function timeScript(stack: TestStack, from: string, to: string): Promise<number> {
  const { ffmpegPath } = await findBinaries({})
  const cwd = await mkdtemp(join(stack.dir, 'script-'))
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: cwd,
    MC: stack.mc.program,
    MC_DIR: stack.mc.configDir,
    FFMPEG: ffmpegPath,
    FROM: from,
    TO: to,
  }
  const startedAtMs = performance.now()
  await run('/bin/sh', ['-c', SCRIPT], { cwd, env })
  const seconds = (performance.now() - startedAtMs) / 1_000
  await rm(cwd, { recursive: true })
  return seconds
}
