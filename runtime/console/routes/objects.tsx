/** Objects: the answer to "why", and running them again. @module */
import type { Hono } from 'hono'
import { reprocessRequest } from '../../api/reprocess/model.ts'
import type { ConsoleEnv } from '../env.ts'
import { fieldsOf, valid, type Fields } from '../form.ts'
import { assertOperator, type Frame } from '../frame.tsx'
import { objectHref } from '../links.ts'
import { ObjectPage, readObject } from '../pages/object.tsx'
import { RunOptions } from '../pages/run-options.tsx'
import { fieldsOf as optionFieldsOf } from '../upload/fields.ts'

const OPTION = 'option:'

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

  app.get(
    '/objects/:bucket/options',
    page(async (c, viewer) => {
      assertOperator(c)
      const [bucket, key] = [c.req.param('bucket') ?? '', c.req.query('key') ?? '']
      const view = await services.functions.get(c.req.query('function') ?? '')
      const [definition] = view ? optionFieldsOf([view], bucket) : []
      if (key === '' || !definition) return undefined
      const facts = { bucket, key, definition }
      return { title: `${definition.name}: ${key}`, children: <RunOptions facts={facts} viewer={viewer} /> }
    }),
  )

  app.post('/objects/:bucket/run', async (c) => {
    const [bucket, key] = [c.req.param('bucket'), c.req.query('key') ?? '']
    const fields = await fieldsOf(c)
    const name = fields.one('function')
    const options = optionsOf(fields)
    const deed = async () => {
      const request = valid(reprocessRequest, {
        bucket,
        keys: [key],
        ...(name !== '' && { function: name }),
        ...(Object.keys(options).length > 0 && { options }),
      })
      await services.reprocess.reprocess(request)
      return `${name === '' ? 'Every function that matches' : name} runs it again, behind uploads.`
    }
    return change(c, deed, objectHref('', bucket, key))
  })
}

/** Of the fields `option:<name>`; one that is left empty is not given. */
function optionsOf(fields: Fields): Readonly<Record<string, string>> {
  const given = fields.names().filter((name) => name.startsWith(OPTION) && fields.one(name) !== '')
  return Object.fromEntries(given.map((name) => [name.slice(OPTION.length), fields.one(name)]))
}
