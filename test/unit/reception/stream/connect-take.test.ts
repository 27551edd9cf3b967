import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Session } from '../../../../runtime/reception/session/session.ts'
import { createSpool } from '../../../../runtime/reception/spool/spool.ts'
import { connectTake } from '../../../../runtime/reception/stream/connect-take.ts'
import { cutOf } from '../../../../runtime/reception/stream/cut.ts'

/** A take whose FFmpeg has written nothing, on a disk of which this part is free. */
async function takeOn(freePart: number, folder = '/nonexistent') {
  const free = { part: freePart }
  const drops: (string | undefined)[] = []
  const spool = createSpool({
    dir: tmpdir(),
    limitBytes: 1_000,
    disk: () => Promise.resolve({ freeBytes: free.part, sizeBytes: 1 }),
  })
  await spool.lookAtDisk()
  const session: Pick<Session, 'of' | 'takeFolder' | 'dropWhileFull'> = {
    of: { name: 'cam1', session: '20261130T104500Z-ba02e7' },
    takeFolder: () => folder,
    dropWhileFull: () => void drops.push(spool.shortage('20261130T104500Z-ba02e7')),
  }
  const connected = connectTake({
    session: session as Session,
    spool,
    pieceSeconds: 4,
    sender: {
      name: 'cam1',
      door: 'rtmp',
      peer: '192.0.2.7:51234',
      canWait: false,
      takesOver: true,
    },
    take: 1,
    onEnd: () => Promise.resolve(undefined),
  })
  return { ...connected, free, drops }
}

it('a sender for whom nothing can be written is cut when the disk is full, and only then', async () => {
  const full = await takeOn(0.01)
  const roomy = await takeOn(0.5)
  for (let second = 0; second <= 25; second++)
    for (const { current } of [full, roomy]) current.tick(Date.now() + second * 1_000)
  expect(cutOf(full.connection.cut)).toBe('disk-full')
  expect(full.connection.cut.reason).toMatchObject({
    message: expect.stringMatching(/disk is full/) as string,
  })
  expect(cutOf(roomy.connection.cut)).toBeUndefined()
})

it('a sender that cannot wait loses its oldest pieces before what it has sent fills the disk', async () => {
  const { connection, free, drops } = await takeOn(0.5)
  free.part = 0.04
  await connection.expects(1)
  expect(drops).toEqual(['disk-full'])
})

it.each(['.ts', '.mp4'])(
  'a clock that was set back is noticed by the growth of an open piece%s',
  async (extension) => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-take-'))
    try {
      const { connection, current } = await takeOn(0.5, folder)
      for (let second = 0; second <= 25; second++) {
        await writeFile(join(folder, `000000${extension}`), 'x'.repeat(second + 1))
        current.tick(Date.now() + second * 1_000)
      }
      expect(cutOf(connection.cut)).toBe('clock')
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
)
