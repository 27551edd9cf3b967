import { expect, it } from 'vitest'
import { ffmpegBuilds, withBuild } from '../../helpers/ffmpeg-builds.ts'

it('modules that are loaded again and again leave no listener on the process for each time', async () => {
  const [build] = await ffmpegBuilds()
  if (!build) throw new Error('no FFmpeg is here, not even the embedded one')
  const before = process.listenerCount('exit')
  for (let times = 0; times < 3; times++)
    await withBuild(build, () => import('../../../functions/ffmpeg/run/ffmpeg.ts'))
  expect(process.listenerCount('exit')).toBe(before)
})
