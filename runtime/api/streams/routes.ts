/** `/v1/streams`: live and ended streams, pulls, keys, playlists and pieces. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { isSession, isStreamName } from '../../reception/names.ts'
import { NAME_RULE } from '../../settings/streams.ts'
import { bodyNeeded } from '../http/body.ts'
import { bodyProblems, json, LOCATION, v1, v1Problems, type ApiApp } from '../http/openapi.ts'
import { found, noQuery, pageOf, toPage } from '../http/page.ts'
import { fileRequestOf } from '../http/send-object.ts'
import type { StreamMedia } from './media.ts'
import {
  createdKeySchema,
  keyRequest,
  keySchema,
  pullRequest,
  stoppedSchema,
  streamDetailSchema,
  streamName,
  streamSchema,
} from './model.ts'
import type { StreamService } from './service.ts'

const about = (operationId: string, role: 'reader' | 'operator', summary: string) =>
  v1(operationId, 'streams', role, summary)
/** Redis was emptied, or a week has passed. */
const UNKNOWN =
  'that Redis knows; if it was received before, the bucket has its sessions, and the newest one plays'
const params = z.object({ name: streamName })
const keyParams = z.object({
  name: z
    .string()
    .refine((name) => name === '*' || isStreamName(name), `a name has ${NAME_RULE}; "*" means every stream`)
    .openapi({ example: 'cam1', description: 'of a stream; `*` for keys that are good for every stream' }),
})
const PLAYLIST = { 'application/vnd.apple.mpegurl': { schema: z.string() } }
const BYTES = { schema: z.string().openapi({ format: 'binary' }) }
const PIECE = { 'video/mp2t': BYTES, 'video/mp4': BYTES }

const list = createRoute({
  method: 'get',
  path: '/v1/streams',
  ...about(
    'listStreams',
    'reader',
    'Live, waiting and wanted streams, and those that have ended; always one page',
  ),
  request: { query: noQuery },
  responses: { 200: json(pageOf(streamSchema), 'the streams'), ...v1Problems() },
})

const get = createRoute({
  method: 'get',
  path: '/v1/streams/{name}',
  ...about('getStream', 'reader', 'A stream, its takes and its last sessions, with what was lost of them'),
  request: { query: noQuery, params },
  responses: { 200: json(streamDetailSchema, 'the stream'), ...v1Problems(404) },
})

const pull = createRoute({
  method: 'post',
  path: '/v1/streams',
  ...about('pullStream', 'operator', 'Receive a stream from an address, until it is stopped'),
  request: {
    query: noQuery,
    body: { required: true, content: { 'application/json': { schema: pullRequest } } },
  },
  responses: {
    202: json(streamSchema, 'the stream, which a receiver connects to', LOCATION.pick({ Location: true })),
    ...bodyProblems(409, 422),
  },
})

const stop = createRoute({
  method: 'delete',
  path: '/v1/streams/{name}',
  ...about('stopStream', 'operator', 'End the session of a stream, and its pull'),
  request: {
    query: z.strictObject({
      keep: z
        .literal('wanted')
        .optional()
        .openapi({ description: 'ends the session only: the pull continues with a new one' }),
    }),
    params,
  },
  responses: { 202: json(stoppedSchema, 'the stream, which ends within two seconds'), ...v1Problems(404) },
})

const createKey = createRoute({
  method: 'post',
  path: '/v1/streams/{name}/keys',
  ...about('createStreamKey', 'operator', 'Create a key with which a sender may push'),
  request: {
    query: noQuery,
    params: keyParams,
    body: { required: true, content: { 'application/json': { schema: keyRequest } } },
  },
  responses: { 201: json(createdKeySchema, 'the key, with its secret'), ...bodyProblems(409, 422) },
})

const listKeys = createRoute({
  method: 'get',
  path: '/v1/streams/{name}/keys',
  ...about('listStreamKeys', 'reader', 'The keys of a stream, without their secrets; always one page'),
  request: { query: noQuery, params: keyParams },
  responses: { 200: json(pageOf(keySchema), 'the keys'), ...v1Problems() },
})

const revokeKey = createRoute({
  method: 'delete',
  path: '/v1/streams/{name}/keys/{id}',
  ...about('revokeStreamKey', 'operator', 'Revoke a key; a sender that uses it is cut within two seconds'),
  request: { query: noQuery, params: keyParams.extend({ id: z.string().min(1).max(32) }) },
  responses: { 200: json(keySchema, 'the key, revoked'), ...v1Problems(404) },
})

const live = createRoute({
  method: 'get',
  path: '/v1/streams/{name}/live.m3u8',
  ...about('getLivePlaylist', 'reader', 'The HLS playlist of the current or last session'),
  request: { query: noQuery, params },
  responses: { 200: { description: 'the playlist', content: PLAYLIST }, ...v1Problems(404) },
})

const file = createRoute({
  method: 'get',
  path: '/v1/streams/{name}/sessions/{session}/{file}',
  ...about(
    'getSessionFile',
    'reader',
    'A file of a session: live.m3u8, session.json, or a piece, also in part (Range)',
  ),
  request: {
    query: noQuery,
    params: params.extend({
      session: z
        .string()
        .refine(isSession, 'a session is named such as 20261129T221841Z-ba02e7')
        .openapi({ example: '20261129T221841Z-ba02e7' }),
      file: z.string().openapi({ example: '001-000001.ts' }),
    }),
  },
  responses: {
    200: {
      description: 'the file',
      content: { ...PIECE, ...PLAYLIST, 'application/json': { schema: z.unknown() } },
    },
    206: { description: 'the range of a piece', content: PIECE },
    304: { description: 'the piece is the one in If-None-Match' },
    ...v1Problems(404, 416),
  },
})

export function addStreamRoutes(app: ApiApp, streams: StreamService, media: StreamMedia): void {
  app.openapi(list, async (c) => c.json(toPage({ items: await streams.list(), nextCursor: null }), 200))

  app.openapi(get, async (c) => {
    const { name } = c.req.valid('param')
    return c.json(
      found(await streams.get(name), `stream ${name} ${UNKNOWN}: see /v1/streams/${name}/live.m3u8`),
      200,
    )
  })

  app.openapi({ ...pull, middleware: bodyNeeded }, async (c) => {
    const asked = c.req.valid('json')
    return c.json(await streams.pull(asked), 202, { location: `/v1/streams/${asked.name}` })
  })

  app.openapi(stop, async (c) => {
    const { name } = c.req.valid('param')
    return c.json(await streams.stop(name, c.req.valid('query').keep === 'wanted'), 202)
  })

  app.openapi({ ...createKey, middleware: bodyNeeded }, async (c) => {
    const { name } = c.req.valid('param')
    return c.json(await streams.createKey(name, c.req.valid('json').expiresIn), 201)
  })

  app.openapi(listKeys, async (c) => {
    const items = await streams.keys(c.req.valid('param').name)
    return c.json(toPage({ items, nextCursor: null }), 200)
  })

  app.openapi(revokeKey, async (c) => {
    const { name, id } = c.req.valid('param')
    return c.json(await streams.revokeKey(name, id), 200)
  })

  app.openapi(live, (c) => media.live(c.req.valid('param').name))

  app.openapi(file, (c) => {
    const { name, session, file: fileName } = c.req.valid('param')
    return media.file({ name, session }, fileName, fileRequestOf(c))
  })
}
