/**
 * Installs the packages of package-lock.json if node_modules does not match it.
 *
 * Runs before `npm start`, `npm test` and the like, so it is plain JavaScript without packages.
 * @module
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const rootDir = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const markerPath = join(rootDir, 'node_modules', '.sluice-lock')

const wanted = createHash('sha256')
  .update(readFileSync(join(rootDir, 'package-lock.json')))
  .digest('hex')
const installed = existsSync(markerPath) ? readFileSync(markerPath, 'utf8').trim() : undefined
if (installed !== wanted) install()

function install() {
  const startedMs = performance.now()
  process.stderr.write('Installing the packages of package-lock.json (npm ci) …')
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--no-progress']
  const options = { cwd: rootDir, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: Infinity }
  // npm passes the path of its own script; without npm this file uses the one on PATH.
  const npm = process.env.npm_execpath
  const result = npm ? spawnSync(process.execPath, [npm, ...args], options) : spawnSync('npm', args, options)
  if (result.status !== 0) {
    const how = result.error?.message ?? `exit code ${result.status ?? result.signal}`
    process.stderr.write(` failed: ${how}\n${result.stdout ?? ''}${result.stderr ?? ''}\n`)
    if (/EACCES|EROFS|EPERM/.test(result.stderr))
      process.stderr.write(
        `${rootDir} is not writable: copy the project into a folder of yours, and start it there\n`,
      )
    process.exit(1)
  }
  writeFileSync(markerPath, wanted)
  process.stderr.write(` ${Math.round((performance.now() - startedMs) / 1_000)} s\n`)
}
