import { tmpdir } from 'node:os'
import { expect, it } from 'vitest'
import type { MediaReception, Take, TakeEnd } from '../../../../runtime/function/take.ts'
import { startEarlyTake, type EarlyParts } from '../../../../runtime/reception/doors/early-take.ts'
import type { Session } from '../../../../runtime/reception/session/session.ts'
import { createSpool } from '../../../../runtime/reception/spool/spool.ts'
import { connectTake } from '../../../../runtime/reception/stream/connect-take.ts'

const SENDER = {
  name: 'cam1',
  door: 'pull',
  peer: 'http://192.0.2.7/',
  canWait: true,
  takesOver: false,
} as const

it('a pull that can wait is braked by what came before it fills the disk, and not by its next progress', async () => {
  const disk = { freeBytes: 60_000, sizeBytes: 1_000_000 }
  const spool = createSpool({ dir: tmpdir(), limitBytes: 1e9, disk: () => Promise.resolve({ ...disk }) })
  await spool.lookAtDisk()
  const session: Pick<Session, 'of' | 'takeFolder'> = {
    of: { name: 'cam1', session: '20261130T104500Z-ba02e7' },
    takeFolder: () => '/nonexistent',
  }
  const { connection } = connectTake({
    session: session as Session,
    spool,
    pieceSeconds: 4,
    sender: SENDER,
    take: 1,
    onEnd: () => Promise.resolve(undefined),
  })
  const done: string[] = []
  const take: Take = {
    pid: 1,
    stdin: undefined,
    pause: () => void done.push('pause'),
    resume: () => void done.push('resume'),
    kill: () => undefined,
    ended: new Promise<TakeEnd>(() => undefined),
  }
  const media: Pick<MediaReception, 'startTake'> = { startTake: () => Promise.resolve(take) }
  const parts = {
    media,
    pending: { make: () => Promise.resolve('/nonexistent') },
    reception: {
      admit: () =>
        Promise.resolve({
          kind: 'admitted',
          connection: Object.assign(connection, { adopt: () => Promise.resolve() }),
        }),
    },
    settings: { pieceSeconds: 4 },
  } as unknown as EarlyParts
  const early = await startEarlyTake(parts, { input: { door: 'pull', url: 'http://192.0.2.7/' } })
  await early.admit(SENDER)
  await early.received(1_000)
  expect(done).toEqual([])
  // 10,000 are free beside the part that nobody may fill, and 8,000 may become as many and more on disk.
  disk.freeBytes = 49_000
  const received = early.received(8_000)
  await expect.poll(() => done).toEqual(['pause'])
  disk.freeBytes = 500_000
  await spool.lookAtDisk()
  await received
  expect(done).toEqual(['pause', 'resume'])
})
