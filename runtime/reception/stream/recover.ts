/**
 * The folders that dead receivers left on this disk. One that is adopted belongs to this process: what its journal names is sent, and
 * what FFmpeg had not closed is measured and sent too.
 * @module
 */
import { readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { OWNER_FILE, ownerOf } from '../../owned-folder.ts'
import {
  isSession,
  isStreamName,
  sessionFolder,
  startOfSession,
  takeOfFolder,
  type SessionOf,
} from '../names.ts'
import { removeIfEmpty } from '../spool/empty-folder.ts'
import { readJournal, type JournalEntry } from '../session/journal.ts'
import type { Session } from '../session/session.ts'

/** Sessions whose folder is abandoned; folders of streams that have none any more are removed. */
export async function abandonedSessions(spoolDir: string, silentMs: number): Promise<readonly SessionOf[]> {
  const found: SessionOf[] = []
  for (const name of (await namesIn(spoolDir)).filter(isStreamName)) {
    const inside = await namesIn(join(spoolDir, name))
    for (const session of inside.filter(isSession))
      if (await isAbandoned(sessionFolder(spoolDir, { name, session }), silentMs))
        found.push({ name, session })
    // Left by a receiver that was killed at that moment.
    if (inside.length === 0) await removeIfEmpty(join(spoolDir, name))
  }
  return found
}

/** Whether the owner of a folder is dead, or has been silent for `silentMs` where nobody can tell (another host's). */
async function isAbandoned(folder: string, silentMs: number): Promise<boolean> {
  const owner = await ownerOf(folder)
  if (owner !== 'unknown') return owner === 'dead'
  const mark = await stat(join(folder, OWNER_FILE)).catch(() => stat(folder).catch(() => undefined))
  return isSilent(mark, silentMs)
}

/** False when another receiver on this disk was faster. */
export async function takeFolder(folder: string, silentMs: number): Promise<boolean> {
  const path = join(folder, OWNER_FILE)
  const taken = `${path}.${process.pid}`
  try {
    await rename(path, taken)
    await rm(taken, { force: true })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    // A receiver was killed before it had written the file. One that takes the folder now has just changed it.
    return isSilent(await stat(folder).catch(() => undefined), silentMs)
  }
}

function isSilent(mark: { readonly mtimeMs: number } | undefined, silentMs: number): boolean {
  return mark !== undefined && Date.now() - mark.mtimeMs > silentMs
}

/** The facts that a journal has about its session's owner and end. */
export interface Remembered {
  /** Of its last owner. */
  readonly token: string | undefined
  readonly door: TakeEntry['door'] | undefined
  readonly peer: string | undefined
  /** The last one. */
  readonly take: number
  readonly startedAtMs: number
  readonly ended: Extract<JournalEntry, { kind: 'ended' }> | undefined
}

type TakeEntry = Extract<JournalEntry, { kind: 'take' }>

/** Brings a session to where its receiver died; its folder belongs to this process. */
export async function restoreSession(session: Session): Promise<Remembered> {
  const entries = readJournal(session.folder)
  session.restore(entries)
  const takes = (await namesIn(session.folder)).map(takeOfFolder).filter((take) => take !== undefined)
  for (const take of takes.toSorted((a, b) => a - b)) await session.admitOpen(take)
  endLostTakes(session)
  const owners = entries.filter((entry) => entry.kind === 'take' || entry.kind === 'adopted')
  const last = entries.findLast((entry) => entry.kind === 'take')
  return {
    token: owners.at(-1)?.token,
    door: last?.door,
    peer: last?.peer,
    take: Math.max(1, ...takes, ...owners.map(({ take = 1 }) => take)),
    startedAtMs:
      owners.findLast(({ startedAtMs }) => startedAtMs !== undefined)?.startedAtMs ??
      startOfSession(session.of.session),
    ended: entries.findLast((entry) => entry.kind === 'ended'),
  }
}

/** The takes that were under way when their receiver was killed: each ended with its last piece. */
function endLostTakes(session: Session): void {
  for (const { take, from, end } of session.takes()) {
    const last = session.pieces.findLast((piece) => piece.take === take)
    const atMs = (last?.atMs ?? Date.parse(from ?? '')) || Date.now()
    if (end === undefined) session.endTake(take, 'receiver-lost', [], atMs)
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (['ENOENT', 'ENOTDIR'].includes(code)) return []
    throw error
  }
}
