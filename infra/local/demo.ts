/** `npm run demo`: the stack on free ports, one sample clip cut, its result as one line of JSON, and nothing left. @module */
import { EventEmitter, once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MINUTE_MS } from '../../runtime/time.ts'
import { freePort } from './ports.ts'
import { cutSample } from './sample-run.ts'
import { progress, say } from './say.ts'
import { logTail, type Server } from './server.ts'
import { runSession } from './session.ts'
import { loadLocalSettings, type LocalSettings } from './settings.ts'

const SAMPLE_TIMEOUT_MS = 2 * MINUTE_MS
const rootDir = join(import.meta.dirname, '..', '..')
const dataDir = mkdtempSync(join(tmpdir(), 'sluice-demo-'))
/** The demonstration is the same everywhere: servers and settings of the person's own stay out of it. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(?:SLUICE_|MINIO_|REDIS_URL$)/.test(name)),
)
const startedMs = performance.now()
let summary: string | undefined
/** Whatever dies here ends the demonstration: there is nobody to wait for its return. */
const deaths = new EventEmitter<{ death: [server: Server, how: string] }>()

const end = await runSession({
  rootDir,
  dataDir,
  env,
  progress,
  prepare: freeSettings,
  onDeath: (server: Server, how: string) => void deaths.emit('death', server, how),
  use: async (session) => {
    progress(`Redis, MinIO and the runtime are up at ${session.stack.apiUrl}, data in ${dataDir}`)
    const cutting = cutSample(session, dataDir, SAMPLE_TIMEOUT_MS, progress)
    const { sample, note } = await Promise.race([cutting, firstDeath()])
    if (!sample) throw new Error(note)
    progress(`The sample clip ${note} ${sample.chunks} chunks; stopping everything …`)
    const { manifest, chunks, seconds, bytes } = sample
    const tookMs = Math.round(performance.now() - startedMs)
    summary = JSON.stringify({ manifest, chunks, seconds, bytes, tookMs })
  },
  cleanUp: () => rm(dataDir, { recursive: true, force: true }),
})
if (summary && end.exitCode === 0) say(summary)
else process.exitCode = end.exitCode || 1

async function firstDeath(): Promise<never> {
  const [server, how] = (await once(deaths, 'death')) as [Server, string]
  throw new Error(`${server.name} ended (${how}); ${await logTail(server.logPath)}`)
}

async function freeSettings(): Promise<LocalSettings> {
  return loadLocalSettings({
    ...env,
    SLUICE_LOCAL_REDIS_PORT: String(await freePort()),
    SLUICE_LOCAL_MINIO_PORT: String(await freePort()),
    SLUICE_LOCAL_CONSOLE_PORT: String(await freePort()),
    SLUICE_API_PORT: String(await freePort()),
  })
}
