/** Functions that run on the results of others, on the whole stack. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { useStack } from '../helpers/runs.ts'
import { waitFor } from '../helpers/wait.ts'

const used = useStack({ SLUICE_FUNCTIONS_FILE: join(import.meta.dirname, 'chained-functions.ts') })

describe('a function that runs on results', () => {
  it('reads the files that the manifest names, and has its result beside them', async () => {
    await used.runs.put('echo/chained.txt', 'hello')
    const pointer = await waitFor(
      () =>
        used.stack.storage.readText('processed', 'echo/chained.txt/echo/manifest.json@/joined/joined.json'),
      { timeoutMs: 60_000, what: 'the result of the second function' },
    )
    const [text = ''] = JSON.parse(pointer.text) as string[]
    expect(JSON.parse(text)).toMatchObject({ body: 'hello', key: 'echo/chained.txt' })
  })
})
