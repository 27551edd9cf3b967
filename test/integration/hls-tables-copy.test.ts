/** A copy by the tables of an MP4 alone is the one that FFmpeg makes: the same segments, and in them the same packets. */
import { execFile } from 'node:child_process'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LocalAttempt } from '../helpers/attempt.ts'
import { clipFolder, makeMedia } from '../helpers/clips.ts'
import { ffmpegBuilds, type FfmpegBuild } from '../helpers/ffmpeg-builds.ts'
import { judged } from '../helpers/hls/judges.ts'
import { useHls } from '../helpers/hls/use-hls.ts'

let folder: string
beforeAll(async () => {
  folder = await clipFolder()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const H264 = '-c:v libx264 -preset ultrafast -pix_fmt yuv420p -sc_threshold 0'
const PLAIN = {
  'with B-frames': ['b.mp4', `${H264} -bf 2 -g 25 -c:a aac`],
  'without B-frames, its tables at the front': ['p.mp4', `${H264} -bf 0 -g 25 -c:a aac -movflags +faststart`],
  'with two sounds': ['two.mp4', `-map 0 -map 1 -map 1 ${H264} -bf 2 -g 50 -c:a aac -ac 1`],
  'of a picture alone': ['v.mp4', `-map 0 ${H264} -bf 3 -g 12`],
  'of a sound alone': ['a.m4a', '-map 1 -c:a aac'],
  'of stretched pixels': ['s.mp4', `-map 0 -vf setsar=4/3 ${H264} -g 25`],
  'with uneven keyframes': ['u.mp4', `${H264} -bf 3 -force_key_frames 0,1.2,3.4,4 -g 999 -c:a aac`],
} as const

/** As FFmpeg has it, which `onTruncated=keep` asks for, and by the tables. */
async function both(used: ReturnType<typeof useHls>, source: string) {
  const options = { mode: 'copy', seconds: 2 }
  const byTables = await used.make(source, options)
  const byFfmpeg = await used.make(source, { ...options, onTruncated: 'keep' })
  return {
    byTables,
    byFfmpeg,
    remove: () => Promise.all([byTables.remove(), byFfmpeg.remove()]),
  }
}

/** Name, times and place of each segment. */
function segments({ files }: LocalAttempt) {
  const found = files.flatMap(({ name, role, chunk }) => (role === 'segment' ? [{ name, ...chunk }] : []))
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** Each packet of a track: times, size, flags and bytes. */
async function packets(build: FfmpegBuild, { folder: made }: LocalAttempt, track: string): Promise<string> {
  const names = (await readdir(join(made, track))).filter((name) => name.endsWith('.m4s')).toSorted()
  const whole = join(folder, 'whole.mp4')
  const parts = ['init.mp4', ...names].map((name) => readFile(join(made, track, name)))
  await writeFile(whole, Buffer.concat(await Promise.all(parts)))
  const entries = 'packet=pts_time,dts_time,duration_time,size,flags,data_hash'
  const words = `-v error -show_data_hash md5 -show_entries ${entries} -of csv=p=0 file:${whole}`
  const { stdout } = await promisify(execFile)(build.ffprobePath, words.split(' '), {
    env: { GCONV_PATH: '/nonexistent' },
    maxBuffer: 16 * 1024 ** 2,
  })
  return stdout
}

/** A source that only FFmpeg makes is counted by what runs. */
const tracksOf = ({ files }: LocalAttempt) =>
  files.flatMap(({ name, role }) => (role === 'init' ? [name.replace('/init.mp4', '')] : [])).toSorted()

describe.each(await ffmpegBuilds())('a copy by the tables of an MP4, beside $name', (build) => {
  const used = useHls(build)

  it.each(Object.entries(PLAIN))(
    '%s has the segments and packets that FFmpeg gives it',
    async (_, [name, words]) => {
      const made = await both(used, await makeMedia(join(folder, name), words))
      expect(judged(made.byTables.folder)).toEqual(judged(made.byFfmpeg.folder))
      expect(segments(made.byTables)).toEqual(segments(made.byFfmpeg))
      expect(made.byTables.facts.totals['segments']).toBeGreaterThan(2)
      expect(tracksOf(made.byTables)).toEqual(tracksOf(made.byFfmpeg))
      for (const track of tracksOf(made.byTables))
        expect(await packets(build, made.byTables, track)).toEqual(await packets(build, made.byFfmpeg, track))
      await made.remove()
    },
  )
})
