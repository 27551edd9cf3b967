/** The function `hls` with one build of FFmpeg, for the tests of a `describe`. @module */
import { beforeAll } from 'vitest'
import type { FunctionDefinition } from '../../../runtime/index.ts'
import { localAttempt, type LocalAttempt } from '../attempt.ts'
import { withBuild, type FfmpegBuild } from '../ffmpeg-builds.ts'

/** Read `hls` inside tests. */
export function useHls(build: FfmpegBuild) {
  const used = {} as { hls: FunctionDefinition }
  beforeAll(async () => {
    ;({ hls: used.hls } = await withBuild(build, () => import('../../../functions/hls.ts')))
  })
  return Object.assign(used, {
    /** An attempt that has succeeded; after a failure nothing is left of it, and the error is thrown. */
    async make(source: string, options: Readonly<Record<string, unknown>> = {}): Promise<LocalAttempt> {
      const attempt = await localAttempt(used.hls, { source, options })
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
