/**
 * `npm run sluice -- <command>`: the command line of this clone. Settings missing in the environment come from the stack that
 * `npm start` runs or ran here.
 * @module
 */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { loadCredentials } from './settings/credentials.ts'
import { filling, readKeptSettings } from './settings/kept-settings.ts'
import { cacheBinDir } from './programs/programs.ts'
import { messageOf } from '../../runtime/errors.ts'
import { rootDir, SLUICE_PATH } from './root.ts'
import { progress } from './terminal.ts'
import { localDir } from './settings/settings.ts'

const { env } = process
const dataDir = localDir(env, rootDir)
const credentialsPath = join(dataDir, 'credentials.json')
try {
  const kept = await readKeptSettings(dataDir)
  if (kept && existsSync(credentialsPath)) {
    const credentials = await loadCredentials(credentialsPath)
    Object.assign(env, filling(env, { kept, credentials, command: process.argv[2] }))
  }
} catch (error) {
  progress(`sluice: ${messageOf(error)}`)
  process.exit(2)
}
// The doctor checks it too.
if (existsSync(dataDir)) env['SLUICE_LOCAL_DIR'] = dataDir
// `setup` and `doctor` need mc, which may be only there.
env['PATH'] = [env['PATH'], cacheBinDir()].filter(Boolean).join(delimiter)

// The runtime starts its children with this path.
process.argv[1] = SLUICE_PATH
await import('../../runtime/main.ts')
