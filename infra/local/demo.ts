/** `npm run demo`: starts the stack on free ports, cuts a sample clip, prints its result as one line of JSON, and removes everything. @module */
import { EventEmitter, once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { settingsOnFreePorts } from './settings/ports.ts'
import { withoutSettings } from './settings/settings.ts'
import { checkSettings } from './session/check-settings.ts'
import { consoleAddress } from '../../runtime/cli/commands/console.ts'
import { consoleLines } from './session/guide.ts'
import { SERVER_PATIENCE_MS } from './patience.ts'
import { cutSample } from './session/sample-run.ts'
import { progress, say } from './terminal.ts'
import { PortTakenError, type Server } from './servers/server.ts'
import { runSession, type SessionEnd } from './session/session.ts'

/** Another process may take a free port in between. */
const MAX_TRIES = 3
/** The demonstration is the same everywhere: it ignores the user's own servers and settings. */
const env = withoutSettings(process.env)
const startedMs = performance.now()
let summary: string | undefined
/** A server that dies ends the demonstration. */
const deaths = new EventEmitter<{ death: [server: Server, how: string] }>()

let end: SessionEnd | undefined
for (let tries = 1; !end || (end.failure instanceof PortTakenError && tries <= MAX_TRIES); tries++) {
  end = await demonstrate(await mkdtemp(join(tmpdir(), 'sluice-demo-')))
}
if (summary && end.exitCode === 0) say(summary)
// Setting the exit code is not enough: an interrupted build of MinIO would keep this process alive.
process.exit(summary ? end.exitCode : end.exitCode || 1)

function demonstrate(dataDir: string): Promise<SessionEnd> {
  return runSession({
    dataDir,
    env,
    progress,
    prepare: () => checkSettings({ env, dataDir, load: settingsOnFreePorts }),
    onDeath: (server: Server, how: string) => void deaths.emit('death', server, how),
    use: async (session) => {
      for (const line of consoleLines(consoleAddress(session.settings.config))) progress(line)
      const cutting = cutSample(session, dataDir, SERVER_PATIENCE_MS, progress)
      const { sample, note } = await Promise.race([cutting, firstDeath()])
      if (!sample) throw new Error(note)
      progress('Stopping everything …')
      const { manifest, chunks, seconds, bytes } = sample
      const tookMs = Math.round(performance.now() - startedMs)
      summary = JSON.stringify({ manifest, chunks, seconds, bytes, tookMs })
    },
    cleanUp: () => rm(dataDir, { recursive: true, force: true }),
  })
}

async function firstDeath(): Promise<never> {
  const [server, how] = (await once(deaths, 'death')) as [Server, string]
  throw new Error(`${server.name} ended (${how}); ${await server.tail()}`)
}
