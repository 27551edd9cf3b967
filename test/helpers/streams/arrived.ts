/** The traces of a session in the bucket: its pieces in order, its pictures, its playlist and its record. @module */
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Storage } from '../../../runtime/storage/storage.ts'
import { pictureHashes } from '../clips.ts'

export interface ArrivedPiece {
  readonly key: string
  readonly session: string
  readonly take: number
  readonly number: number
  readonly sizeBytes: number
}

const KEY = /^streams\/[^/]+\/([^/]+)\/(\d{3})-(\d{6})\.(?:ts|mp4)$/

/** All pieces of a stream, in the order of their keys, which is that of time. */
export async function arrivedPieces(storage: Storage, name: string): Promise<readonly ArrivedPiece[]> {
  const found: ArrivedPiece[] = []
  for await (const { key, sizeBytes } of storage.list('incoming', { prefix: `streams/${name}/` })) {
    // The order to join a session, which lies among its pieces.
    if (key.endsWith('/join.json')) continue
    const [, session, take, number] = KEY.exec(key) ?? []
    if (session === undefined) throw new Error(`${key} is not the key of a piece`)
    found.push({ key, session, take: Number(take), number: Number(number), sizeBytes })
  }
  return found
}

/** The sessions of a stream, the oldest first. */
export async function sessionsOf(storage: Storage, name: string): Promise<readonly string[]> {
  return [...new Set((await arrivedPieces(storage, name)).map(({ session }) => session))]
}

/**
 * The hash of each picture that arrived, in order: the pieces of a take are joined, then decoded, as a person who
 * concatenates them does.
 */
export async function arrivedPictures(storage: Storage, name: string): Promise<readonly string[]> {
  const takes = new Map<string, ArrivedPiece[]>()
  for (const piece of await arrivedPieces(storage, name)) {
    const take = `${piece.session}/${piece.take}`
    takes.set(take, [...(takes.get(take) ?? []), piece])
  }
  const folder = await mkdtemp(join(tmpdir(), 'sluice-arrived-'))
  try {
    const hashes: string[] = []
    for (const [index, pieces] of [...takes.values()].entries()) {
      const path = join(folder, `${index}.ts`)
      await concatenate(storage, pieces, path)
      hashes.push(...(await pictureHashes(path)))
    }
    return hashes
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function concatenate(storage: Storage, pieces: readonly ArrivedPiece[], path: string): Promise<void> {
  await rm(path, { force: true })
  for (const { key } of pieces) {
    const { body } = await storage.get('incoming', key)
    await pipeline(body, createWriteStream(path, { flags: 'a' }))
  }
}
