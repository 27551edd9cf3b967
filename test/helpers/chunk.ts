/** The function `chunk` with one build of FFmpeg, for the tests of a `describe`. @module */
import { beforeAll } from 'vitest'
import type { FunctionDefinition } from '../../runtime/index.ts'
import { localAttempt, type LocalAttempt, type LocalAttemptOptions } from './attempt.ts'
import { withBuild, type FfmpegBuild } from './ffmpeg-builds.ts'

/** Read `chunk` inside tests. */
export function useChunk(build: FfmpegBuild) {
  const used = {} as { chunk: FunctionDefinition }
  beforeAll(async () => {
    ;({ chunk: used.chunk } = await withBuild(build, () => import('../../functions/chunk.ts')))
  })
  return Object.assign(used, {
    /** An attempt that has succeeded; after a failure nothing is left of it, and the error is thrown. */
    async cut(
      source: string,
      options: Readonly<Record<string, unknown>> = {},
      rest: Omit<LocalAttemptOptions, 'source' | 'options'> = {},
    ): Promise<LocalAttempt> {
      const attempt = await localAttempt(used.chunk, { source, options, ...rest })
      try {
        await attempt.run()
        return attempt
      } catch (error) {
        await attempt.remove()
        throw error
      }
    },
  })
}
