/**
 * P17 and the fifth promise of the design: files that were damaged at random, through the real functions. Each ends in a
 * result that is right or in a refusal in words; no child, no file and no memory of it is left. `FUZZ_FILES=2000` tries more.
 */
import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, it } from 'vitest'
import { chunk } from '../../functions/chunk.ts'
import { findBinaries } from '../../functions/ffmpeg/build/binaries.ts'
import { probe } from '../../functions/probe.ts'
import type { FunctionDefinition } from '../../runtime/index.ts'
import { leftovers, localAttempt } from '../helpers/attempt.ts'
import { CLIPS, clipFolder, isSound, makeMedia, pictureHashes, soundPacketHashes } from '../helpers/clips.ts'
import { mutant } from '../helpers/mutations.ts'
import { processesIn } from '../helpers/processes.ts'
import { random } from '../helpers/seed.ts'
import { isThorough } from '../helpers/thorough.ts'

const FILES = Number(process.env['FUZZ_FILES'] ?? (isThorough ? 64 : 24))
/** Far beyond what any of these small files takes: what is not over then hangs. */
const HANG_MS = 30_000
const NAMES = [
  'faststart.mp4',
  'fragmented.mp4',
  'clip.mkv',
  'clip.webm',
  'clip.ts',
  'b-frames.avi',
  'clip.flv',
  'tone.mp3',
] as const

const folder = await clipFolder()
afterAll(() => rm(folder, { recursive: true }))

async function goodFiles(): Promise<readonly Buffer[]> {
  const files: Buffer[] = []
  for (const name of NAMES) files.push(await readFile(await makeMedia(join(folder, name), CLIPS[name], 3)))
  return files
}

/** What the function said of the file: its error, or the paths of its files, which `remove` removes. */
async function attempt(definition: FunctionDefinition, source: string, options = {}) {
  const one = await localAttempt(definition, { source, options, signal: AbortSignal.timeout(HANG_MS) })
  const error = await one.run().then(
    () => undefined,
    (thrown: unknown) => thrown as Error,
  )
  // What failed is removed by the runtime, with the folder; what went well leaves nothing there by itself.
  const left = error ? [] : await leftovers(one)
  return {
    error,
    left,
    children: await processesIn(one.scratch),
    paths: one.files.map(({ name }) => join(one.folder, name)),
    remove: () => one.remove(),
  }
}

/**
 * What the source decodes to; undefined when FFmpeg complains of it, or when damage that it does not complain of decodes to
 * other pictures as soon as the very same packets lie, all in one, in a container such as the chunks have (a start code in
 * the middle of a picture, a first picture whose time is before the beginning).
 */
async function cleanContent(path: string, chunkPath: string): Promise<readonly string[] | undefined> {
  const { ffmpegPath } = await findBinaries({})
  const words = ['-v', 'warning', '-i', `file:${path}`, '-map', '0:V:0?', '-map', '0:a:0?', '-f', 'null', '-']
  const complaints = await promisify(execFile)(ffmpegPath, words, {
    env: { GCONV_PATH: '/nonexistent' },
  }).then(
    ({ stderr }) => stderr,
    () => 'it cannot be decoded',
  )
  if (complaints.trim() !== '') return undefined
  const content = await contentOf([path])
  if (isSound(chunkPath)) return content
  const whole = join(folder, `whole${extname(chunkPath)}`)
  const reading = ['-v', 'error', '-y', '-fflags', '+genpts', '-i', `file:${path}`]
  const copying = [...reading, '-map', '0:V:0', '-c', 'copy', '-copyinkf', whole]
  await promisify(execFile)(ffmpegPath, copying, { env: { GCONV_PATH: '/nonexistent' } })
  return (await contentOf([whole])).join() === content.join() ? content : undefined
}

const contentOf = async (paths: readonly string[]) => {
  if (!isSound(paths[0] ?? '')) return pictureHashes(...paths)
  return (await Promise.all(paths.map(soundPacketHashes))).flat()
}

it(
  `refuses each of ${FILES} damaged files in words, or cuts it into what it decodes to, and leaves nothing`,
  { timeout: HANG_MS + FILES * 5_000 },
  async () => {
    const choice = random('hostile fuzz')
    const good = await goodFiles()
    const tally = { refused: 0, cut: 0, compared: 0 }
    const wrong: string[] = []
    for (let index = 0; index < FILES; index++) {
      const which = index % NAMES.length
      const name = NAMES[which] ?? NAMES[0]
      const { what, bytes } = mutant(good[which] ?? Buffer.alloc(0), choice.pick(good), choice)
      const path = join(folder, `damaged-${index}${extname(name)}`)
      await writeFile(path, bytes)
      const say = (fault: string) => wrong.push(`${name} with ${what} (file ${index}): ${fault}`)

      const probed = await attempt(probe, path)
      const result = await attempt(chunk, path, { seconds: 1 })
      for (const { error, left, children } of [probed, result]) {
        if (error && error.name !== 'PermanentError') say(`${error.name} ${error.message}`)
        if (left.length > 0) say(`left ${left.join(', ')}`)
        if (children.length > 0) say('left a child')
      }
      tally[result.error ? 'refused' : 'cut']++
      const content = result.error ? undefined : await cleanContent(path, result.paths[0] ?? '')
      if (content) {
        tally.compared++
        const got = await contentOf(result.paths)
        if (got.join() !== content.join()) say(`${got.length} pictures or packets, not ${content.length}`)
      }
      if (wrong.length === 0) await rm(path)
      await Promise.all([probed.remove(), result.remove()])
    }
    expect(wrong).toEqual([])
    // Otherwise all of this had tried nothing.
    expect(Math.min(tally.refused, tally.cut)).toBeGreaterThanOrEqual(FILES / 16)
    expect(tally.compared).toBeGreaterThanOrEqual(Math.floor(FILES / 32) * 2)
  },
)
