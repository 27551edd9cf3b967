import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const SCRIPT = join('infra', 'local', 'ensure-dependencies.mjs')
/** A stand-in for npm: changes the folder like `npm ci`, and can be made to fail. */
const FAKE_NPM = `
import { appendFileSync, mkdirSync, rmSync } from 'node:fs'
if (process.env.FAKE_FAILS) { console.error('npm warn deprecated\\nnpm error EUSAGE'); process.exit(7) }
rmSync('node_modules', { recursive: true, force: true })
mkdirSync('node_modules')
appendFileSync('calls', process.argv.slice(2).join(' ') + '\\n')
console.error('npm warn deprecated')
`

describe('the packages of the lockfile', () => {
  let dir: string

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'sluice-dependencies-'))
    mkdirSync(join(dir, 'infra', 'local'), { recursive: true })
    cpSync(join(import.meta.dirname, '..', '..', '..', '..', SCRIPT), join(dir, SCRIPT))
    writeFileSync(join(dir, 'npm.mjs'), FAKE_NPM)
    writeFileSync(join(dir, 'package-lock.json'), '{"version":1}')
  })
  afterEach(() => rmSync(dir, { recursive: true }))

  function ensure(env: Record<string, string> = {}) {
    return spawnSync(process.execPath, [join(dir, SCRIPT)], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], npm_execpath: join(dir, 'npm.mjs'), ...env },
    })
  }

  it('are installed once, with those for development, in one line of progress', () => {
    const first = ensure()
    expect(first.status).toBe(0)
    expect(first.stdout).toBe('')
    expect(first.stderr.trim().split('\n')).toHaveLength(1)
    rmSync(join(dir, 'calls'))
    expect(ensure()).toMatchObject({ status: 0, stderr: '' })
    expect(existsSync(join(dir, 'calls'))).toBe(false)
  })

  it.each([
    { name: 'the lockfile changes', change: () => writeFileSync(join(dir, 'package-lock.json'), '{}') },
    { name: 'node_modules is gone', change: () => rmSync(join(dir, 'node_modules'), { recursive: true }) },
    {
      name: 'somebody else has installed them',
      change: () => rmSync(join(dir, 'node_modules', '.sluice-lock')),
    },
  ])('are installed again when $name', ({ change }) => {
    ensure()
    rmSync(join(dir, 'calls'))
    change()
    ensure()
    expect(existsSync(join(dir, 'calls'))).toBe(true)
  })

  it("are reported with npm's own output if they cannot be installed, and installed at the next try", () => {
    const failed = ensure({ FAKE_FAILS: '1' })
    expect(failed.status).toBe(1)
    expect(failed.stderr).toContain('npm error EUSAGE')
    expect(ensure()).toMatchObject({ status: 0 })
  })
})
