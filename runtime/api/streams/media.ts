/**
 * Playlists, pieces and records of streams, from the private buckets to players, which cannot sign requests to them. In playlists
 * the addresses of pieces are rewritten, so that they lead back here.
 * @module
 */
import { placeOfPiece, playlistKey, recordKey, sessionPrefix } from '../../reception/names.ts'
import type { SessionOf } from '../../reception/names.ts'
import { contentTypeOf } from '../../content-types.ts'
import { newestSession } from '../../reception/session/newest-session.ts'
import type { StreamStore } from '../../queue/streams.ts'
import { INCOMING_BUCKET, RESULT_BUCKET } from '../../storage/names.ts'
import type { Storage } from '../../storage/storage.ts'
import { RefusedError } from '../http/problem.ts'
import { type FileRequest, sendObject } from '../http/send-object.ts'

export interface StreamMedia {
  /** The playlist of the current or last session. */
  live(name: string): Promise<Response>
  /** `live.m3u8`, `session.json`, or a piece such as `001-000001.ts`. */
  file(of: SessionOf, fileName: string, request: FileRequest): Promise<Response>
}

const PLAYLIST = 'live.m3u8'
const RECORD = 'session.json'
/** A day of pieces of a second each has some 10 MB. */
const MAX_TEXT_BYTES = 64 * 1024 * 1024

export function createStreamMedia(parts: {
  readonly storage: Pick<Storage, 'head' | 'get' | 'readText' | 'list'>
  readonly streams: Pick<StreamStore, 'read' | 'history'>
}): StreamMedia {
  const { storage, streams } = parts

  async function text(key: string, what: string): Promise<string> {
    const found = await storage.readText(RESULT_BUCKET, key, { maxBytes: MAX_TEXT_BYTES })
    if (!found) throw new RefusedError('not-found', `there is no ${what}`)
    return found.text
  }

  async function playlist(of: SessionOf, folder: string): Promise<Response> {
    const written = await text(
      playlistKey(of),
      `playlist of session ${of.session} of stream ${of.name}: none of its pieces is stored yet`,
    )
    return new Response(rewritten(written, of, folder), {
      headers: { 'content-type': contentTypeOf(PLAYLIST) },
    })
  }

  const piece = (of: SessionOf, fileName: string, request: FileRequest) =>
    sendObject(
      storage,
      {
        bucket: INCOMING_BUCKET,
        key: sessionPrefix(of) + fileName,
        what: `piece ${fileName} in session ${of.session}`,
        headersOf: () => ({ 'content-type': contentTypeOf(fileName) }),
      },
      request,
    )

  return {
    async live(name) {
      const session = (await streams.read(name))?.session ?? (await streams.history(name))[0]?.session
      // Redis knows it for a week after its end, and until it is emptied.
      const of = session === undefined ? await newestSession(storage, name, Date.now()) : { name, session }
      if (!of) throw new RefusedError('not-found', `no session of stream ${name} is stored`)
      return playlist(of, `sessions/${of.session}/`)
    },

    async file(of, fileName, request) {
      if (fileName === PLAYLIST) return playlist(of, '')
      if (fileName === RECORD) {
        const record = await text(
          recordKey(of),
          `record of session ${of.session} of stream ${of.name}: it is written at its end`,
        )
        return new Response(record, { headers: { 'content-type': 'application/json' } })
      }
      if (placeOfPiece(fileName)) return piece(of, fileName, request)
      throw new RefusedError(
        'not-found',
        `a session has live.m3u8, session.json and pieces such as 001-000001.ts, not ${JSON.stringify(fileName)}`,
      )
    },
  }
}

/** The playlist with addresses of pieces that are relative to `folder` instead of to its place in the bucket. */
export function rewritten(playlist: string, of: SessionOf, folder: string): string {
  return playlist.replaceAll(`../../../../${INCOMING_BUCKET}/${sessionPrefix(of)}`, folder)
}
