import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const run = promisify(execFile)

it('writes nothing to a terminal that could control it', async () => {
  const key = 'a\u001b[31m\u009b2J\u0085\u202Egpj.exe\u2066\n\u007f'
  const program = `
    const { createLogger } = await import('./runtime/telemetry/logger.ts')
    createLogger({ level: 'info', format: 'text' }).info({ object: ${JSON.stringify(key)} }, 'run succeeded')`
  const { stdout } = await run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program])
  expect(stdout).toMatch(/^[\x20-\x7e]*run succeeded object="[\x20-\x7e]*"\n$/)
  expect(JSON.parse(stdout.slice(stdout.indexOf('object=') + 'object='.length))).toBe(key)
})
