/**
 * The names of streams, sessions, pieces and their folders. Pure; the only file that spells keys below `streams/`.
 *
 *     incoming/streams/<name>/<session>/<take>-<number>.ts     a piece
 *     incoming/streams/<name>/<session>/join.json              the record again, for the function that joins the pieces
 *     processed/streams/<name>/<session>/live.m3u8             the playlist
 *     processed/streams/<name>/<session>/session.json          the record of a session that has ended
 *     <spool>/<name>/<session>/<take>/<number>.ts              a piece that the bucket does not have yet
 *     <spool>/.pending/<id>/                                   FFmpeg before its sender was admitted
 * @module
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { STREAM_NAME } from '../settings/streams.ts'

const ROOT = 'streams'
const PENDING = '.pending'
const TAKE_DIGITS = 3
const NUMBER_DIGITS = 6

const SESSION = /^\d{8}T\d{6}Z-[0-9a-f]{6}$/
const PIECE = /^(\d{3,})-(\d{6,})(\.(?:ts|mp4))$/
const FILE = /^(\d{6,})(\.(?:ts|mp4))$/

export function isStreamName(name: string): boolean {
  return STREAM_NAME.test(name)
}

export function isSession(text: string): boolean {
  return SESSION.test(text)
}

/** Such as `20261129T221841Z-ba02e7`: sessions sort by their start. */
export function newSession(nowMs: number): string {
  return `${timeOfSession(nowMs)}-${randomBytes(3).toString('hex')}`
}

/** The beginning of the names of all sessions that start in this second, such as `20261129T221841Z`. */
export function timeOfSession(atMs: number): string {
  return new Date(atMs).toISOString().replaceAll(/[-:]|\.\d+/g, '')
}

/** To the second. */
export function startOfSession(session: string): number {
  const [, date = '', time = ''] = /^(\d{8})T(\d{6})Z-/.exec(session) ?? []
  return Date.parse(
    `${date.replace(/(....)(..)(..)/, '$1-$2-$3')}T${time.replace(/(..)(..)(..)/, '$1:$2:$3')}Z`,
  )
}

/** A session and the stream that it is of. */
export interface SessionOf {
  readonly name: string
  readonly session: string
}

/** A piece's place in its session; ascending takes and numbers are the order of time. */
export interface PiecePlace {
  readonly take: number
  readonly number: number
  /** With the dot: `.ts`, or `.mp4` for codecs that MPEG-TS has not. */
  readonly extension: string
}

/** Of keys in `incoming` and `processed`; ends with a slash. */
export function sessionPrefix({ name, session }: SessionOf): string {
  return `${ROOT}/${name}/${session}/`
}

export function pieceKey(of: SessionOf, piece: PiecePlace): string {
  return sessionPrefix(of) + pieceName(piece)
}

export function pieceName({ take, number, extension }: PiecePlace): string {
  return `${takeName(take)}-${numberName(number)}${extension}`
}

/** The piece with this name or key; undefined when it is not one of a piece. */
export function placeOfPiece(key: string): PiecePlace | undefined {
  const [, take, number, extension = ''] = PIECE.exec(key.slice(key.lastIndexOf('/') + 1)) ?? []
  return number === undefined ? undefined : { take: Number(take), number: Number(number), extension }
}

/** The piece of a stream with this key in `incoming`; undefined when it is not one of a piece. */
export function pieceOfKey(key: string): (SessionOf & PiecePlace) | undefined {
  const [root, name = '', session = '', fileName = '', ...rest] = key.split('/')
  const place = placeOfPiece(fileName)
  const isPiece = root === ROOT && rest.length === 0 && isStreamName(name) && isSession(session)
  return isPiece && place ? { name, session, ...place } : undefined
}

export function playlistKey(of: SessionOf): string {
  return `${sessionPrefix(of)}live.m3u8`
}

export function recordKey(of: SessionOf): string {
  return `${sessionPrefix(of)}session.json`
}

/** From the playlist to a piece: players resolve it against the playlist's own address. */
export function pieceUri(of: SessionOf, piece: PiecePlace): string {
  return `../../../../incoming/${pieceKey(of, piece)}`
}

/** Beside the pieces: a function that read `processed` would have MinIO announce every playlist and every result. */
export function joinKey(of: SessionOf): string {
  return `${sessionPrefix(of)}join.json`
}

export function sessionFolder(spoolDir: string, { name, session }: SessionOf): string {
  return join(spoolDir, name, session)
}

export function takeName(take: number): string {
  return String(take).padStart(TAKE_DIGITS, '0')
}

function numberName(number: number): string {
  return String(number).padStart(NUMBER_DIGITS, '0')
}

/** In the folder of its take. */
export function pieceFileName({ number, extension }: Omit<PiecePlace, 'take'>): string {
  return numberName(number) + extension
}

/** FFmpeg's number of a file in the folder of a take; undefined when it is not one of a piece. */
export function placeOfFile(fileName: string): Omit<PiecePlace, 'take'> | undefined {
  const [, number, extension = ''] = FILE.exec(fileName) ?? []
  return number === undefined ? undefined : { number: Number(number), extension }
}

/** The number of a take's folder; undefined when it is not one. */
export function takeOfFolder(folderName: string): number | undefined {
  return /^\d{3,}$/.test(folderName) ? Number(folderName) : undefined
}

/** The folder for FFmpeg before its sender is admitted: `id` is the door's own. */
export function pendingFolder(spoolDir: string, id: string): string {
  return join(spoolDir, PENDING, id)
}
