/** The doors that the FFmpeg on this machine can serve. @module */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { ReceptionAbilities } from '../../runtime/index.ts'
import { ffmpegBinaries } from '../ffmpeg/build/binaries.ts'
import { GUARDED_ENVIRONMENT } from '../ffmpeg/sandbox/sandbox.ts'

const ANSWER_MS = 120_000

/** @throws {ToolError} when there is no FFmpeg */
export async function abilities(): Promise<ReceptionAbilities> {
  const { ffmpegPath, version, origin, hasFpsMode } = await ffmpegBinaries()
  const { stdout } = await promisify(execFile)(ffmpegPath, ['-hide_banner', '-protocols'], {
    timeout: ANSWER_MS,
    env: GUARDED_ENVIRONMENT,
  })
  const protocols = new Set(stdout.split(/\s+/))
  return {
    ffmpeg: `${version} (${origin})`,
    hasSrt: protocols.has('srt'),
    // The embedded build of 2018 has TLS, and crashes on the first address.
    hasTls: protocols.has('tls') && hasFpsMode,
  }
}
