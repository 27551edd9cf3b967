/**
 * A camera whose connection breaks, and servers that are killed while it sends and hls.js plays: what it says it has sent is
 * then compared with the pictures in the bucket, and what is missing with the session's record.
 * @module
 */
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import type { SessionRecord } from '../../runtime/reception/session/session-record.ts'
import { pictureHashes } from '../helpers/clips.ts'
import { everyFfmpegBuild } from '../helpers/ffmpeg-builds.ts'
import { random } from '../helpers/seed.ts'
import { arrivedPictures, sessionsOf } from '../helpers/streams/arrived.ts'
import { comparePictures, type Comparison } from '../helpers/streams/pictures.ts'
import { startPlayer, type Player } from '../helpers/streams/player.ts'
import { chromium } from '../helpers/streams/programs.ts'
import { cutFilm, PICTURES_PER_SECOND, type FilmPart } from '../helpers/streams/reference.ts'
import {
  picturesSaid,
  putByFfmpeg,
  rtmpByFfmpeg,
  type Sender,
  type Target,
} from '../helpers/streams/senders.ts'
import { useStreams, type Streams } from '../helpers/streams/use-streams.ts'
import { waitFor } from '../helpers/wait.ts'

const PART_SECONDS = 20
const DOORS = ['rtmp', 'http'] as const
/** In the sender, the sockets and FFmpeg: gone when one of them dies, since nobody had acknowledged it. */
const ON_ITS_WAY = PICTURES_PER_SECOND

/** As encoders do it; a receiver that was killed is back within a minute, also on a busy machine. */
const RETRY_MS = 500
const MAX_TRIES = 240

interface Sent extends FilmPart {
  readonly door: (typeof DOORS)[number]
  readonly action: string
  /** It ended by itself: all of it was sent. */
  readonly isWhole: boolean
  /** Its last picture, as far as the sender told. */
  readonly said: number
}

/** What happens while a part of the film is sent. */
function actionsOf(used: Streams): Readonly<Record<string, (sender: Sender) => Promise<void>>> {
  const restart = async (server: 'minio' | 'redis') => {
    used.stack[server].kill('SIGKILL')
    // The length of the outage; nothing is awaited by it.
    await pause(4_000)
    await used.stack[server].start()
  }
  return {
    nothing: async () => undefined,
    'the sender is killed': async (sender) => void (await sender.die()),
    'the receiver is killed': async () => process.kill(await used.receiverPid(), 'SIGKILL') && undefined,
    'MinIO is killed': () => restart('minio'),
    'Redis is killed': () => restart('redis'),
    'MinIO and Redis are killed': async () => void (await Promise.all([restart('minio'), restart('redis')])),
  }
}

/** The tests of a run of so many seconds. */
export function describeChaos(seconds: number): void {
  const used = useStreams({
    // As long as a receiver or a server needs to come back on a busy machine.
    env: {
      SLUICE_STREAMS_RECONNECT: '60s',
      SLUICE_STREAMS_JOIN: 'mp4',
      SLUICE_FUNCTIONS_FILE: join(import.meta.dirname, '..', '..', 'functions', 'index.ts'),
    },
    film: { seconds },
  })
  const name = 'chaos'
  const sent: Sent[] = []
  let record: SessionRecord
  let compared: Comparison
  /** The pictures of the one file that the session became. */
  let joined: Comparison
  let player: Player | undefined

  beforeAll(
    async () => {
      const browser = await chromium()
      // The embedded one does not send for long.
      const { builds } = await everyFfmpegBuild()
      const ffmpeg = builds.find(({ hasFpsMode }) => hasFpsMode)?.ffmpegPath ?? 'ffmpeg'
      const cuts = Array.from(
        { length: Math.ceil(seconds / PART_SECONDS) - 1 },
        (_, index) => (index + 1) * PART_SECONDS,
      )
      const parts = await cutFilm(used.film, ...cuts)
      const targets = { rtmp: await used.rtmp(name), http: await used.http(name) }
      try {
        for (const [index, part] of parts.entries()) {
          sent.push(await sendPart(ffmpeg, part, index, targets, index === parts.length - 1))
          if (index === 0 && browser) player = await play(browser)
        }
        record = await used.record(name)
        compared = comparePictures(used.film.pictures, await arrivedPictures(used.stack.storage, name))
        joined = comparePictures(used.film.pictures, await joinedPictures(record.session))
        tell()
      } finally {
        await player?.stop()
      }
    },
    seconds * 4_000 + 600_000,
  )

  const choose = random('chaos of streams')
  const actions = actionsOf(used)
  /** Each at least once in a long run. */
  const order = choose.shuffled(Object.keys(actions))

  async function sendPart(
    ffmpeg: string,
    part: FilmPart,
    index: number,
    targets: Readonly<Record<(typeof DOORS)[number], Target>>,
    isLast: boolean,
  ): Promise<Sent> {
    const action = isLast ? 'nothing' : (order[index % order.length] ?? 'nothing')
    // The end of a PUT ends the session: the last part says so, and others by PUT do not get so far.
    const breaksOff = action === 'the sender is killed' || action === 'the receiver is killed'
    const door = isLast ? 'http' : breaksOff ? choose.pick(DOORS) : 'rtmp'
    if (index > 0) await used.isState(name, 'waiting')
    const film = { path: part.path, isRealTime: true, tellsProgress: true }
    const send = door === 'http' ? putByFfmpeg : rtmpByFfmpeg
    const actsAt = (3 + choose.below(10)) * PICTURES_PER_SECOND
    // The receiver may just come back: an encoder tries again.
    for (let tries = 1; ; tries++) {
      const sender = send(ffmpeg, film, targets[door])
      let hasActed = false
      const acting = (async () => {
        await waitFor(async () => picturesSaid(sender) > actsAt || !isRunning(sender), {
          timeoutMs: 60_000,
          what: 'the sender to be in the middle',
        })
        if (isRunning(sender)) {
          hasActed = true
          process.stderr.write(`chaos of streams: part ${index} by ${door}: ${action}\n`)
          await actions[action]?.(sender)
        }
      })()
      const [end] = await Promise.all([sender.ended, acting])
      const said = picturesSaid(sender)
      if (said > 0 && !hasActed) throw new Error(`a sender ended by itself: ${end.said}`)
      if (said > 0) return { ...part, door, action, isWhole: end.code === 0, said: part.from + said - 1 }
      if (tries === MAX_TRIES) throw new Error(`no sender gets through: ${end.said}`)
      await pause(RETRY_MS)
    }
  }

  async function play(browser: string): Promise<Player> {
    const session = await waitFor(async () => (await sessionsOf(used.stack.storage, name))[0], {
      timeoutMs: 30_000,
      what: 'the first piece',
    })
    return startPlayer(browser, `/processed/streams/${name}/${session}/live.m3u8`, async (path) => {
      const [, bucket = '', key = ''] = /^\/([^/]+)\/(.+)$/.exec(path) ?? []
      return (await used.stack.storage.headWithBytes(bucket, key, { maxBytes: 64 * 1024 * 1024 }))?.bytes
    })
  }

  async function joinedPictures(session: string): Promise<readonly string[]> {
    const key = `streams/${name}/${session}/join.json/join/session.mp4`
    const { body } = await waitFor(() => used.stack.storage.get('processed', key).catch(() => undefined), {
      timeoutMs: 120_000,
      what: 'the joined file',
    })
    const path = join(used.stack.dir, 'joined.mp4')
    await pipeline(body, createWriteStream(path))
    return pictureHashes(path)
  }

  function tell(): void {
    const lost = compared.lost.map(({ from, to }) => `${from}-${to}`)
    const gaps = record.gaps.map(({ seconds, reason }) => `${seconds} s ${reason}`)
    process.stderr.write(
      `chaos of streams: ${sent.length} parts, ${record.takes.length} takes, ${compared.count} pictures of ` +
        `${used.film.pictures.length}, lost ${lost.join(', ')}; the record's gaps: ${gaps.join(', ')}\n`,
    )
  }

  describe('a stream through cuts and kills', () => {
    it('is one session, which ends as its sender says', async () => {
      expect(await sessionsOf(used.stack.storage, name)).toHaveLength(1)
      expect(record.why).toBe('sender-finished')
      expect(new Set(sent.map(({ action }) => action)).size).toBeGreaterThan(1)
    })

    it('has every picture once and in order, but what was on its way when a connection broke', () => {
      expect(compared).toMatchObject({ unknown: 0, doubled: [], backwards: 0 })
      const missing = sent.flatMap((part) => {
        const lost = compared.lost.flatMap(({ from, to }) => {
          const [first, last] = [Math.max(from, part.from), Math.min(to, part.isWhole ? part.to : part.said)]
          return first > last ? [] : [{ first, last }]
        })
        const allowed = part.isWhole ? 0 : ON_ITS_WAY
        const count = lost.reduce((sum, { first, last }) => sum + last - first + 1, 0)
        return count > allowed ? [{ part, lost }] : []
      })
      expect(missing).toEqual([])
    })

    it('becomes one file with the pictures that arrived', () => {
      expect(joined).toEqual(compared)
    })

    it('has a record that names each place where pictures are missing', () => {
      // A run of lost pictures lies between two pieces; the record has a gap before the later one.
      const inside = compared.lost.filter(({ to }) => to < (compared.span?.to ?? 0))
      // A cut within a group of B-frames leaves out a picture just before the others.
      const holes = inside.filter(({ from }, index) => from > (inside[index - 1]?.to ?? -10) + 6)
      expect(record.gaps.length).toBeGreaterThanOrEqual(holes.length)
      // By the clock: of the film the sender leaves out the rest of a part.
      expect(record.gaps.every(({ seconds }) => seconds > 0)).toBe(true)
      expect(record.losses).toEqual([])
    })

    it('was played by hls.js to its end', async (test) => {
      const state = player?.state()
      if (!player) test.skip('there is no Chromium here')
      process.stderr.write(
        `chaos of streams: hls.js showed ${state?.shown} pictures, dropped ${state?.dropped}, errors ${JSON.stringify(state?.errors)}\n`,
      )
      expect(state?.shown).toBeGreaterThan(0.5 * compared.count)
      const discontinuities = state?.fragments.map(({ discontinuity }) => discontinuity) ?? []
      expect(Math.max(...discontinuities)).toBeGreaterThan(0)
      expect(discontinuities).toEqual(discontinuities.toSorted((a, b) => a - b))
    })
  })
}

function isRunning({ child }: Sender): boolean {
  return child.exitCode === null && child.signalCode === null
}
