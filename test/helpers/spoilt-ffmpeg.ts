/** The real FFmpeg behind a script that spoils some of its runs, as a broken build would. @module */
import { chmod, copyFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { FfmpegBuild } from './ffmpeg-builds.ts'

export interface SpoiltOptions {
  readonly build: FfmpegBuild
  /** Of the script, which is written there. */
  readonly path: string
  /** A run is spoilt when its words, joined by spaces, have this text in them. */
  readonly where: string
  /** Bash that runs `"$ffmpeg"` with other words than `"$@"`, or does something to its pipes. */
  readonly script: string
}

export async function spoiltFfmpeg({ build, path, where, script }: SpoiltOptions): Promise<FfmpegBuild> {
  // Tools run as a user of their own, who must be able to enter the folder and to start what is in it.
  await chmod(dirname(path), 0o755)
  const real = `${path}-real`
  await copyFile(build.ffmpegPath, real)
  const lines = [
    '#!/bin/bash',
    `ffmpeg='${real}'`,
    `if [[ "$*" == *"${where}"* ]]; then`,
    script,
    'else',
    'exec "$ffmpeg" "$@"',
    'fi',
  ]
  await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o755 })
  return { ...build, ffmpegPath: path }
}

/** Ends its only output after so many seconds, and says nothing. */
export function endsAfter(seconds: number): string {
  return `exec "$ffmpeg" "\${@:1:$#-1}" -t ${seconds} "\${@: -1}"`
}

/** Says that it lost its source, and ends as if it had not: some builds take a lost connection for the end of the file. */
export const LOSES_SOURCE = `"$ffmpeg" "$@"
ended=$?
echo '[http @ 0x1] Stream ends prematurely at 10, should be 20' >&2
exit $ended`
