/** A journal that was torn at any byte: nothing that it named is lost, since files are looked at as well. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { NO_HOOKS } from '../../../../runtime/reception/hooks.ts'
import {
  openJournal,
  parseJournal,
  readJournal,
  type JournalEntry,
} from '../../../../runtime/reception/session/journal.ts'
import { pieceFileName } from '../../../../runtime/reception/names.ts'
import { restoreSession } from '../../../../runtime/reception/stream/recover.ts'
import { createSession } from '../../../../runtime/reception/session/session.ts'
import { createSpool } from '../../../../runtime/reception/spool/spool.ts'
import { createStorage } from '../../../../runtime/storage/client.ts'
import { pieceText, silent, testMedia } from '../../../helpers/streams/engine.ts'

const OF = { name: 'cam1', session: '20261129T221841Z-ba02e7' }
const PIECES = 6
/** Those that the bucket has acknowledged: their files are gone. */
const STORED = 3

const ENTRIES: readonly JournalEntry[] = [
  { kind: 'take', take: 1, door: 'http', peer: 'ünïcödé:1', token: 't', fence: '7', startedAtMs: 1, atMs: 1 },
  ...Array.from({ length: PIECES }, (_, number) => pieceEntry(number)),
  { kind: 'lost', take: 1, number: 4, reason: 'spool-full' },
  { kind: 'take-ended', take: 1, how: 'sender-lost', atMs: 9, lastLines: ['a "line"\n'] },
]

function pieceEntry(number: number): JournalEntry {
  const times = { startSeconds: number * 4, seconds: 4, sizeBytes: 100, atMs: 4_000 * (number + 1) }
  return { kind: 'piece', take: 1, number, extension: '.ts', ...times, isPartial: false }
}

const text = ENTRIES.map((entry) => `${JSON.stringify(entry)}\n`).join('')
const bytes = Buffer.from(text)

const dir = await mkdtemp(join(tmpdir(), 'sluice-journal-'))
afterAll(() => rm(dir, { recursive: true }))

describe('a journal', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(dir, 'one-'))
  })

  it('is read as it was written', () => {
    const journal = openJournal(folder)
    for (const entry of ENTRIES) journal.append(entry)
    expect(readJournal(folder)).toEqual(ENTRIES)
  })

  it('that a full disk has torn within a line has all lines that are written afterwards', async () => {
    const path = join(folder, 'journal.ndjson')
    const journal = openJournal(folder)
    const [first, ...others] = ENTRIES
    // In the place of a full disk: a write that fails.
    await mkdir(path)
    expect(() => journal.append(first as JournalEntry)).toThrow(/EISDIR/)
    await rm(path, { recursive: true })
    // As much as the disk took of it.
    await writeFile(path, '{"kind":"take","ta')
    for (const entry of others) journal.append(entry)
    expect(readJournal(folder)).toEqual(others)
  })

  it('that was torn at any byte has all entries before the tear, and all that are written afterwards', async () => {
    const path = join(folder, 'journal.ndjson')
    const later: JournalEntry = { kind: 'stored', take: 9, number: 9, sha256Hex: 'x' }
    for (let length = 0; length <= bytes.length; length++) {
      const torn = bytes.subarray(0, length)
      await writeFile(path, torn)
      openJournal(folder).append(later)
      const whole = parseJournal(torn.toString().slice(0, torn.toString().lastIndexOf('\n') + 1))
      const read = readJournal(folder)
      expect(read.at(-1), `at ${length}`).toEqual(later)
      // A tear just before the line's end leaves it whole.
      expect(read.slice(0, whole.length), `at ${length}`).toEqual(whole)
      expect(read.length - whole.length).toBeLessThanOrEqual(2)
    }
  })
})

describe('a session whose journal was torn', () => {
  /** Nobody answers there: pieces stay unsent. */
  const storage = createStorage({
    endpoint: 'http://127.0.0.1:1',
    region: 'us-east-1',
    credentials: { accessKey: 'a', secretKey: 'b' },
    retries: 0,
  })

  it('at any byte still sends every file that is there, each once', async () => {
    // Every byte of the last lines, and some of the others.
    const lengths = Array.from({ length: bytes.length + 1 }, (_, length) => length)
    for (const length of lengths.filter((each) => each % 7 === 0 || each > bytes.length - 100)) {
      const spoolDir = await mkdtemp(join(dir, 'spool-'))
      const spool = createSpool({ dir: spoolDir, limitBytes: 1e9 })
      const session = createSession(
        { storage, spool, media: testMedia, hooks: NO_HOOKS, log: silent },
        OF,
        () => undefined,
      )
      await mkdir(session.takeFolder(1), { recursive: true })
      for (let number = STORED; number <= PIECES; number++)
        await writeFile(
          join(session.takeFolder(1), pieceFileName({ number, extension: '.ts' })),
          pieceText(number * 4, 4, 100),
        )
      await rm(join(session.takeFolder(1), pieceFileName({ number: 4, extension: '.ts' })))
      await writeFile(join(session.folder, 'journal.ndjson'), bytes.subarray(0, length))
      await session.open()
      await restoreSession(session)
      session.sender.stop()
      const sending = session.pieces.filter(({ number }) => number >= STORED).map(({ number }) => number)
      expect(sending, `at ${length}`).toEqual([3, 5, 6])
      expect(session.sender.length, `at ${length}`).toBe(3)
      expect(session.pieces.find(({ number }) => number === 6)).toMatchObject({
        isPartial: true,
        startSeconds: 24,
      })
      expect((await readdir(session.takeFolder(1))).length).toBe(3)
      await session.giveUpFolder()
    }
  })
})
