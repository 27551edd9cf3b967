/** Pages of media on their way: uploads and streams. @module */
import type { Hono } from 'hono'
import { RefusedError } from '../../api/http/problem.ts'
import { keyRequest, pullRequest } from '../../api/streams/model.ts'
import { isSession, isStreamName } from '../../reception/names.ts'
import type { ConsoleEnv } from '../env.ts'
import { fieldsOf as formOf, valid } from '../form.ts'
import type { Frame, PageContext } from '../frame.tsx'
import { StreamPage } from '../pages/stream.tsx'
import { Streams } from '../pages/streams.tsx'
import { UploadPage } from '../pages/upload.tsx'
import type { Content } from '../show/show.tsx'
import { bucketsOf, fieldsOf } from '../upload/fields.ts'
import { mayUpload, type Viewer } from '../viewer.ts'

export function addMediaRoutes(app: Hono<ConsoleEnv>, { parts, page, change }: Frame): void {
  const { services } = parts
  const { streams } = services

  app.get(
    '/upload',
    page(async (c, viewer) => {
      const functions = await services.functions.list()
      const buckets = bucketsOf(functions)
      const fields = Object.fromEntries(buckets.map((bucket) => [bucket, fieldsOf(functions, bucket)]))
      const again = againOf(c.req.query('bucket'), c.req.query('key'), buckets)
      const facts = { isOn: mayUpload(viewer), buckets, functions: fields, again }
      return { title: 'Upload', children: <UploadPage facts={facts} viewer={viewer} /> }
    }),
  )

  app.get(
    '/streams',
    page(async (_, viewer) => ({
      title: 'Streams',
      live: 'all',
      children: <Streams streams={await streams.list()} viewer={viewer} />,
    })),
  )
  app.post('/streams', async (c) => {
    const fields = await formOf(c)
    return change(c, async () => {
      const asked = valid(pullRequest, { name: fields.one('name').trim(), url: fields.one('url').trim() })
      await streams.pull(asked)
      return `${asked.name} is pulled from now on.`
    })
  })
  app.post('/streams/:name/stop', (c) =>
    change(c, async () => {
      const { name } = c.req.param()
      await streams.stop(name, false)
      return `${name} ends within two seconds.`
    }),
  )

  async function contentOf(c: PageContext, viewer: Viewer, secret?: string): Promise<Content | undefined> {
    const name = c.req.param('name') ?? ''
    if (!isStreamName(name)) return undefined
    const [stream, keys] = await Promise.all([streams.get(name), streams.keys(name)])
    // A stream that was never sent may have keys.
    if (!stream && keys.length === 0) return undefined
    const none = { name, state: 'ended', isStopping: false, isReceiverSilent: false } as const
    const asked = c.req.query('session')
    const facts = {
      stream: stream ?? { ...none, lastTakes: [], history: [] },
      keys,
      session: asked !== undefined && isSession(asked) ? asked : undefined,
      secret,
    }
    return { title: name, live: 'all', children: <StreamPage facts={facts} viewer={viewer} /> }
  }

  app.get(
    '/streams/:name',
    page((c, viewer) => contentOf(c, viewer)),
  )
  app.post('/streams/:name/keys', async (c) => {
    const { name } = c.req.param()
    const given = (await formOf(c)).one('expiresIn').trim()
    const create = async () => {
      if (!isStreamName(name)) throw new RefusedError('not-found', 'there is no such stream')
      const { expiresIn } = valid(keyRequest, given === '' ? {} : { expiresIn: given })
      return (await streams.createKey(name, expiresIn)).secret
    }
    try {
      const secret = await create()
      // No redirect: a secret belongs in no cookie and no address.
      return await page((_, viewer) => contentOf(c, viewer, secret))(c)
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error
      return change(c, () => Promise.reject(error))
    }
  })
  app.post('/streams/:name/keys/:id/revoke', (c) =>
    change(c, async () => {
      const { name, id } = c.req.param()
      await streams.revokeKey(name, id)
      return `The key ${id} of ${name} is revoked.`
    }),
  )
}

/** A key as the form of an upload has it: a folder, and the name of a file. Pure. */
function againOf(bucket: string | undefined, key: string | undefined, buckets: readonly string[]) {
  if (bucket === undefined || !key || !buckets.includes(bucket)) return undefined
  const slash = key.lastIndexOf('/')
  return { bucket, folder: key.slice(0, Math.max(0, slash)), name: key.slice(slash + 1) }
}
