/** `npm start`: the stack on this machine, with its data in `.sluice/`, until Ctrl-C. @module */
import { once } from 'node:events'
import { SERVER_PATIENCE_MS } from './patience.ts'
import { checkSettings } from './session/check-settings.ts'
import { consoleLines, guide } from './session/guide.ts'
import { consoleAddress, type ConsoleAddress } from '../../runtime/cli/commands/console.ts'
import { keptSettings, writeKeptSettings } from './settings/kept-settings.ts'
import { createKeeper } from './servers/keeper.ts'
import { claimFolder, type Claim, type RecordedProcess } from './servers/running.ts'
import { cutSample, hasSample } from './session/sample-run.ts'
import { rootDir, SLUICE_PATH } from './root.ts'
import { progress, say } from './terminal.ts'
import type { Server } from './servers/server.ts'
import { runSession, type Session } from './session/session.ts'
import { loadLocalSettings, localDir } from './settings/settings.ts'
import type { Stack } from './session/stack.ts'
import { streamsGuide } from './session/stream-guide.ts'
import { checkPorts } from './settings/ports.ts'
import { withStreams } from './settings/streams.ts'

const dataDir = localDir(process.env, rootDir)
const env = await withStreams(process.env, dataDir)
/** A part of the command line, as in npm's script. */
const START_MARK = 'infra/local/start.ts'

let claim: Claim | undefined
const keeper = createKeeper(progress)
const end = await runSession({
  dataDir,
  env,
  progress,
  prepare: async () => {
    const prepared = await checkSettings({ env, dataDir, load: loadLocalSettings })
    claim = await claimFolder(dataDir, START_MARK, progress)
    await checkPorts(prepared.settings)
    return prepared
  },
  onStart: (stack) => {
    claim?.record(recordedProcesses(stack))
    writeKeptSettings(dataDir, keptSettings(stack.runtimeEnv, process.env))
  },
  onDeath: (server, how) => keeper.revive(server, how),
  use: async (session) => {
    // So that the way of the sample can be watched.
    const address = consoleOf(session)
    if (address) for (const line of consoleLines(address)) progress(line)
    const text = await describe(session)
    // The session may have been stopped during the sample.
    if (session.signal.aborted) return
    say(text)
    await once(session.signal, 'abort')
  },
  onEnd: () => keeper.stop(),
  cleanUp: async () => claim?.release(),
})
if (end.cause) progress('Everything has stopped.')
// Setting the exit code is not enough: an interrupted build of MinIO would keep this process alive.
process.exit(end.exitCode)

function recordedProcesses(stack: Stack): RecordedProcess[] {
  const recorded = (server: Server | undefined, mark: string) =>
    server?.pid ? [{ name: server.name, pid: server.pid, mark }] : []
  return [
    ...recorded(stack.redis, dataDir),
    ...recorded(stack.minio, dataDir),
    ...recorded(stack.runtime, SLUICE_PATH),
  ]
}

function consoleOf({ settings: { config } }: Session): ConsoleAddress | undefined {
  return config.roles.includes('api') ? consoleAddress(config) : undefined
}

async function describe(session: Session): Promise<string> {
  const { settings, functions, stack } = session
  const { sample, note } = hasSample(settings.config)
    ? await cutSample(session, dataDir, SERVER_PATIENCE_MS, progress)
    : { sample: undefined, note: 'No sample clip: this process does not run the function "chunk".' }
  return guide({
    redisUrl: stack.redisUrl,
    minioEndpoint: stack.minioEndpoint,
    console: consoleOf(session),
    minioConsoleUrl: stack.minio && `http://127.0.0.1:${settings.consolePort}`,
    apiUrl: settings.config.roles.includes('api') ? stack.apiUrl : undefined,
    streams: await streamsGuide(settings.config),
    dataDir,
    functions,
    sample,
    sampleNote: note,
  })
}
