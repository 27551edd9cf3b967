/** What a container says of itself before anything is read of it: that it is encrypted, and where it ends. On every build that is here. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FunctionDefinition } from '../../runtime/index.ts'
import { localAttempt } from '../helpers/attempt.ts'
import { clipFolder, makeMedia } from '../helpers/clips.ts'
import { ffmpegBuilds, withBuild } from '../helpers/ffmpeg-builds.ts'

const folder = await clipFolder()
afterAll(() => rm(folder, { recursive: true }))

const BOTH = '-c:v libx264 -preset ultrafast -g 25 -pix_fmt yuv420p -c:a aac'
const KEY = '00112233445566778899aabbccddeeff'
const ENCRYPTED = `${BOTH} -encryption_scheme cenc-aes-ctr -encryption_key ${KEY} -encryption_kid ${KEY}`

describe.each(await ffmpegBuilds())('a container, with $name', (build) => {
  let functions: readonly FunctionDefinition[]
  beforeAll(async () => {
    functions = await withBuild(build, async () => [
      (await import('../../functions/chunk.ts')).chunk,
      (await import('../../functions/probe.ts')).probe,
    ])
  })

  async function warningsOf(definition: FunctionDefinition, source: string): Promise<readonly string[]> {
    const attempt = await localAttempt(definition, { source })
    try {
      await attempt.run()
      return attempt.facts.warnings
    } finally {
      await attempt.remove()
    }
  }

  it.each(['', ' -movflags +frag_keyframe+empty_moov', ' -movflags +faststart'])(
    'is refused by name when it is encrypted%s',
    async (flags) => {
      const source = await makeMedia(join(folder, 'encrypted.mp4'), ENCRYPTED + flags, 2)
      for (const definition of functions) {
        await expect(warningsOf(definition, source)).rejects.toMatchObject({
          name: 'PermanentError',
          message: expect.stringMatching(/^the file is encrypted \(encv, cenc\)/),
        })
      }
    },
  )

  it.each(['joined.mp4', 'joined.m4a', 'joined.wav'])(
    'warns of another file behind its end, and of nothing where there is none: %s',
    async (name) => {
      const one = await makeMedia(join(folder, `one-${name}`), name.endsWith('mp4') ? BOTH : '-map 1', 2)
      const bytes = await readFile(one)
      await writeFile(join(folder, name), Buffer.concat([bytes, bytes]))
      for (const definition of functions) {
        expect(await warningsOf(definition, one)).toEqual([])
        expect(await warningsOf(definition, join(folder, name))).toEqual([
          expect.stringMatching(`^another file begins at byte ${bytes.length}, .* it is not read`),
        ])
      }
    },
  )
})
