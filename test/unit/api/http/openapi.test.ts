import { describe, expect, it } from 'vitest'
import { createTestApi } from '../test-api.ts'

interface Operation {
  readonly security?: readonly unknown[]
  readonly responses: Readonly<Record<string, { content?: Readonly<Record<string, unknown>> }>>
}

async function readDocument() {
  const response = await createTestApi().app.request('/openapi.json')
  const document = (await response.json()) as { paths: Record<string, Record<string, Operation>> }
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, path, operation })),
  )
  return { document, operations }
}

it('is published in docs/ and up to date (vitest -u writes it again)', async () => {
  const { document } = await readDocument()
  await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot('../../../../docs/openapi.json')
})

describe('/openapi.json', () => {
  it('has exactly the routes that are served', async () => {
    const { operations } = await readDocument()
    const served = createTestApi().app.routes.flatMap(({ method, path }) => {
      const words = path.replaceAll(/:(\w+)/g, '{$1}').replace('/*', '/{key}')
      return method === 'ALL' ? [] : [`${method.toLowerCase()} ${words}`]
    })
    expect(operations.map(({ name }) => name).sort()).toEqual([...new Set(served)].sort())
  })

  it('requires a token for every route under /v1', async () => {
    const { operations } = await readDocument()
    const open = operations.filter(({ operation }) => !operation.security?.length)
    expect(open.map(({ path }) => path)).toEqual(['/healthz', '/readyz', '/metrics', '/openapi.json'])
  })

  it('lists the common problems for every route under /v1', async () => {
    const { operations } = await readDocument()
    for (const { operation } of operations.filter(({ path }) => path.startsWith('/v1/')))
      expect(Object.keys(operation.responses)).toEqual(
        expect.arrayContaining(['400', '401', '403', '429', '500', '503']),
      )
  })

  it('answers every error with a problem, except for readiness', async () => {
    const { operations } = await readDocument()
    const types = operations
      .filter(({ path }) => path !== '/readyz')
      .flatMap(({ operation }) => Object.entries(operation.responses))
      .flatMap(([status, { content }]) => (Number(status) < 400 ? [] : Object.keys(content ?? {})))
    expect(new Set(types)).toEqual(new Set(['application/problem+json']))
  })
})
