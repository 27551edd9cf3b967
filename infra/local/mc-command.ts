/**
 * `npm run mc -- <words>`: MinIO's client with the uploader's account, as the alias `sluice`, wherever the program is and
 * even if another program is called mc.
 * @module
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { findProgram } from './programs/programs.ts'
import { rootDir } from './root.ts'
import { progress } from './terminal.ts'
import { localDir } from './settings/settings.ts'

const configDir = join(localDir(process.env, rootDir), 'mc')
const { path } = await findProgram('mc')
if (!path || !existsSync(configDir)) {
  progress(`${path ? configDir : 'mc'} does not exist yet: run npm start first.`)
  process.exit(3)
}
// npm has changed to the project's folder; the user's paths are relative to the folder of the call.
const cwd = process.env['INIT_CWD'] ?? process.cwd()
const child = spawn(path, ['--config-dir', configDir, ...process.argv.slice(2)], { cwd, stdio: 'inherit' })
// Ctrl-C reaches both processes; this one ends with the child.
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => child.kill(name))
child.on('error', (error) => {
  progress(`${path} does not run: ${error.message}`)
  process.exit(1)
})
child.on('exit', (code, signal) => process.exit(code ?? 128 + (signal ? constants.signals[signal] : 0)))
