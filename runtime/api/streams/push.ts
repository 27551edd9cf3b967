/** `PUT /v1/streams/{name}` at the wrong port: bytes of streams are received elsewhere, by a process that this server may not know. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { isStreamName } from '../../reception/names.ts'
import type { Config } from '../../settings/config.ts'
import { NAME_RULE } from '../../settings/streams.ts'
import { json, v1, v1Problems, type ApiApp } from '../http/openapi.ts'
import { ProblemError } from '../http/problem.ts'

export type Receiver = Pick<Config['streams'], 'host' | 'port'>

const pushedSchema = z
  .object({
    name: z.string(),
    session: z.string(),
    pieces: z.int().min(0).optional(),
    seconds: z.number().min(0).optional(),
    sizeBytes: z.int().min(0).optional(),
    droppedSeconds: z.number().min(0).optional(),
  })
  .openapi('PushedStream')

const push = createRoute({
  method: 'put',
  path: '/v1/streams/{name}',
  ...v1(
    'pushStream',
    'streams',
    'operator',
    'Send a stream: to the port of a receiver, which this answer names',
  ),
  request: {
    params: z.object({ name: z.string().openapi({ example: 'cam1' }) }),
    body: {
      description: 'MPEG-TS, FLV, Matroska, WebM or fragmented MP4, as it is made',
      content: { 'application/octet-stream': { schema: z.string().openapi({ format: 'binary' }) } },
    },
  },
  responses: {
    201: json(pushedSchema, 'by a receiver, at the end of the stream'),
    ...v1Problems(400, 421),
  },
})

/** To be added before bodies are read and tokens are checked: the sender has a stream key, and its body may have no end. */
export function addPushRefusal(app: ApiApp, receiver: Receiver): void {
  app.openAPIRegistry.registerPath(push)
  app.put('/v1/streams/:name', (c) => {
    const { name } = c.req.param()
    if (!isStreamName(name)) throw new ProblemError(400, `the name of a stream has ${NAME_RULE}`)
    const url = new URL(`http://${receiver.host.includes(':') ? `[${receiver.host}]` : receiver.host}`)
    // It listens on every address of its machine, which may be this one.
    if (['0.0.0.0', '[::]'].includes(url.hostname)) url.hostname = new URL(c.req.url).hostname
    url.port = String(receiver.port)
    const address = `${url.origin}/v1/streams/${name}`
    // Not with `connection: close`: it is closed while bytes arrive, thus reset, and the sender does not read the answer.
    throw new ProblemError(
      421,
      `streams are received by a process with the role streams (SLUICE_STREAMS_HOST, SLUICE_STREAMS_PORT): send it to ${address}`,
      { members: { receiver: address } },
    )
  })
}
