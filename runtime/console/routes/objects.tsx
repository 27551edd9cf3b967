/** Objects: the answer to "why", and running them again. @module */
import type { Hono } from 'hono'
import { reprocessRequest } from '../../api/reprocess/model.ts'
import type { ConsoleEnv } from '../env.ts'
import { fieldsOf, valid } from '../form.ts'
import type { Frame } from '../frame.tsx'
import { ObjectPage, readObject } from '../pages/object.tsx'

export function addObjectRoutes(app: Hono<ConsoleEnv>, { parts, page, change }: Frame): void {
  const { services } = parts

  app.get(
    '/objects/:bucket',
    page(async (c, viewer) => {
      const [bucket, key] = [c.req.param('bucket') ?? '', c.req.query('key') ?? '']
      if (key === '') return undefined
      const facts = await readObject(services, bucket, key)
      return {
        title: key,
        live: `object:${bucket}/${key}`,
        children: <ObjectPage facts={facts} viewer={viewer} />,
      }
    }),
  )

  app.post('/objects/:bucket/run', async (c) => {
    const [bucket, key] = [c.req.param('bucket'), c.req.query('key') ?? '']
    const name = (await fieldsOf(c)).one('function')
    return change(c, async () => {
      const request = valid(reprocessRequest, {
        bucket,
        keys: [key],
        ...(name !== '' && { function: name }),
      })
      await services.reprocess.reprocess(request)
      return `${name === '' ? 'Every function that matches' : name} runs it again, behind uploads.`
    })
  })
}
