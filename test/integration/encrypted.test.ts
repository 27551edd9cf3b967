/** Encrypted media is refused by name in every function that reads media, before anything is made of it. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FunctionDefinition } from '../../runtime/index.ts'
import { localAttempt } from '../helpers/attempt.ts'
import { clipFolder, makeMedia } from '../helpers/clips.ts'
import { ffmpegBuilds, withBuild } from '../helpers/ffmpeg-builds.ts'

const folder = await clipFolder()
afterAll(() => rm(folder, { recursive: true }))

const KEY = '76a6c65c5ea762046bd749a2e632ccbb'
const CENC = `-encryption_scheme cenc-aes-ctr -encryption_key ${KEY} -encryption_kid ${KEY}`
const BOTH = '-c:v libx264 -preset ultrafast -c:a aac'
const FILES = [
  ['whole.mp4', `${BOTH} ${CENC}`, 'encv, cenc'],
  ['fragmented.mp4', `${BOTH} ${CENC} -movflags +frag_keyframe+empty_moov`, 'encv, cenc'],
  ['sound.m4a', `-map 1 -c:a aac -f mp4 ${CENC}`, 'enca, cenc'],
] as const

describe.each(await ffmpegBuilds())('with $name', (build) => {
  let functions: readonly FunctionDefinition[]
  beforeAll(async () => {
    ;({ functions } = await withBuild(build, () => import('../../functions/index.ts')))
  })

  it.each(FILES)('%s is refused by every function', async (name, words, scheme) => {
    const source = await makeMedia(join(folder, name), words, 2)
    const readers = functions.filter(({ match }) => match.some((glob) => glob.includes('mp4')))
    expect(readers.map(({ name: reader }) => reader)).toEqual(
      expect.arrayContaining(['chunk', 'probe', 'audio', 'speech', 'captions', 'hls', 'poster']),
    )
    const said: string[] = []
    for (const reader of readers) {
      const attempt = await localAttempt(reader, { source })
      const outcome = await attempt.run().catch((error: unknown) => (error as Error).message)
      said.push(`${reader.name}, ${attempt.files.length} files: ${String(outcome)}`)
      await attempt.remove()
    }
    const sentence = `the file is encrypted (${scheme}): its packets could be copied and not played, and there is no key here; upload it decrypted`
    expect(said).toEqual(readers.map(({ name: reader }) => `${reader}, 0 files: ${sentence}`))
  })
})
