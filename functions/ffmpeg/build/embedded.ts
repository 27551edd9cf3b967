/** The builds that come as npm packages: FFmpeg of December 2018 and ffprobe of July 2023, for machines that have none. @module */
import { chmod, copyFile, mkdtemp, stat } from 'node:fs/promises'
import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ToolError } from '../words/result.ts'

const require = createRequire(import.meta.url)

/** @throws {ToolError} when the package has no build for this platform */
export function embeddedFfmpeg(): string {
  return packagedPath('ffmpeg', '@ffmpeg-installer/ffmpeg')
}

/**
 * The packaged ffprobe, ready to run.
 *
 * @remarks The package ships the file without execute bits for others, and the user who runs us need not own it:
 * then a private copy is made, which is removed when the process ends.
 * @throws {ToolError} when there is no build for this platform, or neither way is permitted
 */
export async function embeddedFfprobe(): Promise<string> {
  const path = packagedPath('ffprobe', '@ffprobe-installer/ffprobe')
  if ((await stat(path)).mode & 0o001) return path
  try {
    await chmod(path, 0o755)
    return path
  } catch {
    return privateCopy(path)
  }
}

let copied: Promise<string> | undefined

/** One per process, however often it is requested. */
function privateCopy(path: string): Promise<string> {
  copied ??= copyFor(path).catch((error: unknown) => {
    copied = undefined
    throw error
  })
  return copied
}

async function copyFor(path: string): Promise<string> {
  try {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-ffprobe-'))
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
    const copy = join(folder, 'ffprobe')
    await copyFile(path, copy)
    await chmod(copy, 0o700)
    return copy
  } catch (cause) {
    throw new ToolError(`${path} has no run bit and could not be copied: run chmod 755 on it`, {
      tool: 'ffprobe',
      cause,
    })
  }
}

function packagedPath(tool: 'ffmpeg' | 'ffprobe', name: string): string {
  try {
    // Loaded only when needed, in a try: on a platform without a build the package throws a string at load.
    return (require(name) as { readonly path: string }).path
  } catch (cause) {
    throw new ToolError(
      `there is no ${tool} on PATH and no packaged one for ${process.platform}-${process.arch}: install ffmpeg with ffprobe, 4.4 or newer, or set FFMPEG_PATH and FFPROBE_PATH`,
      { tool, cause },
    )
  }
}
