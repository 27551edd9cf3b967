import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { judge, npmTool } from '../helpers/checkers.ts'
import { ROOT_DIR } from '../helpers/compose.ts'

const DOCUMENT = join(ROOT_DIR, 'docs/openapi.json')
/** Three hundred packages, once. */
const INSTALL_MS = 300_000
/** They would ask for newer versions and report their use. */
const QUIET = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', CI: 'true' }

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-openapi-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const LINTERS = {
  async spectral(document: string) {
    const rules = join(dir, 'spectral.json')
    await writeFile(rules, JSON.stringify({ extends: ['spectral:oas'] }))
    const args = [
      'lint',
      '--fail-severity',
      'hint',
      '--quiet',
      '--ruleset',
      rules,
      '--format',
      'json',
      document,
    ]
    const { isFine, output } = await judge(await npmTool('spectral'), args, QUIET)
    const found = isFine ? [] : (JSON.parse(output) as { code: string; path: string[] }[])
    return found.map(({ code, path }) => `${code} ${path.join('.')}`)
  },
  async redocly(document: string) {
    const args = ['lint', '--format', 'checkstyle', '--extends', 'recommended', document]
    const { output } = await judge(await npmTool('redocly'), args, QUIET)
    return [...output.matchAll(/message="([^"]+)" source="([^"]+)"/g)].map(
      ([, text, rule]) => `${rule} ${text}`,
    )
  },
}

describe.each(Object.entries(LINTERS))('%s', (_name, lint) => {
  it(
    'finds nothing in the description of the API, and finds what is wrong in one without servers and ids',
    async () => {
      expect(await lint(DOCUMENT)).toEqual([])
      const { servers: _, ...rest } = JSON.parse(await readFile(DOCUMENT, 'utf8')) as { servers: unknown }
      const wrong = join(dir, 'wrong.json')
      await writeFile(wrong, JSON.stringify(rest).replaceAll('"operationId":"getRun",', ''))
      expect((await lint(wrong)).length).toBeGreaterThan(1)
    },
    INSTALL_MS,
  )
})
