/** `PUT /v1/streams/{name}` at the wrong port: bytes of streams are received elsewhere, by a process that this server may not know. @module */
import { createRoute, z } from '@hono/zod-openapi'
import type { Config } from '../../settings/config.ts'
import { v1, v1Problems, type ApiApp } from '../http/openapi.ts'
import { ProblemError } from '../http/problem.ts'

export type Receiver = Pick<Config['streams'], 'host' | 'port'>

const push = createRoute({
  method: 'put',
  path: '/v1/streams/{name}',
  ...v1(
    'pushStream',
    'streams',
    'operator',
    'Not here: the receiver has its own port, which the answer names',
  ),
  request: { params: z.object({ name: z.string() }) },
  responses: v1Problems(421),
})

/** To be added before bodies are read and tokens are checked: the sender has a stream key, and its body may have no end. */
export function addPushRefusal(app: ApiApp, receiver: Receiver): void {
  app.openAPIRegistry.registerPath(push)
  app.put('/v1/streams/:name', (c) => {
    const { name } = c.req.param()
    const url = new URL(`http://${receiver.host.includes(':') ? `[${receiver.host}]` : receiver.host}`)
    // It listens on every address of its machine, which may be this one.
    if (['0.0.0.0', '[::]'].includes(url.hostname)) url.hostname = new URL(c.req.url).hostname
    url.port = String(receiver.port)
    const address = `${url.origin}/v1/streams/${name}`
    throw new ProblemError(
      421,
      `streams are received by a process with the role streams (SLUICE_STREAMS_HOST, SLUICE_STREAMS_PORT): send it to ${address}`,
      { members: { receiver: address }, headers: { connection: 'close' } },
    )
  })
}
