/**
 * CPU time (user and system) until a command has answered, and until a child is ready. The peer is Node alone, `node -e 0`.
 * No server is needed for it: children are ready before they have reached one.
 * @module
 */
import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { SLUICE_PATH } from '../../infra/local/root.ts'
import { freePort } from '../../infra/local/settings/ports.ts'
import { WORKER_FLAGS } from '../../runtime/process/fork-child.ts'
import { parseProcessTimes } from '../../runtime/process/heartbeat-watch.ts'
import { treeAt } from './harness/tree.ts'
import type { Measurement } from './harness/compare.ts'
import { median, round, say } from './statistics.ts'

/** As children inherit it from `infra/build/launch.mjs`. */
const STACKS = join(import.meta.dirname, '..', '..', 'infra', 'build', 'stacks.cjs')
const ROUNDS = 5
/** What is measured, and the seconds that it may take. */
const LIMITS_S = { why: 0.35, serve: 0.8, work: 0.8 }

export async function measureStartup(): Promise<Measurement> {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-startup-'))
  const api = createServer((_, response) => {
    response.writeHead(404, { 'content-type': 'application/problem+json' }).end('{"title":"not found"}')
  }).listen(0, '127.0.0.1')
  await once(api, 'listening')
  const env = {
    PATH: process.env['PATH'] ?? '',
    REDIS_URL: 'redis://127.0.0.1:1',
    MINIO_ENDPOINT: 'http://127.0.0.1:1',
    MINIO_ACCESS_KEY: 'runtime-1',
    MINIO_SECRET_KEY: 'secret-secret',
    SLUICE_SCRATCH_DIR: dir,
  }
  const apiPort = String((api.address() as AddressInfo).port)
  const sides = {
    node: () => commandS(['-e', '0'], env),
    why: () =>
      commandS([SLUICE_PATH, 'why', 'incoming/clip.mp4'], {
        ...env,
        SLUICE_API_URL: `http://127.0.0.1:${apiPort}`,
      }),
    serve: async () => childS('serve', { ...env, SLUICE_API_PORT: String(await freePort()) }),
    work: () => childS('work', env),
  }
  const seconds = { node: [], why: [], serve: [], work: [] } as Record<keyof typeof sides, number[]>
  try {
    // The first round warms up: the build, and the system's cache of files.
    for (let at = 0; at <= ROUNDS; at++)
      for (const [name, measure] of Object.entries(sides)) {
        const took = await measure()
        if (at > 0) seconds[name as keyof typeof sides].push(took)
      }
  } finally {
    api.close()
    await rm(dir, { recursive: true, force: true })
  }
  const node = median(seconds.node)
  say(`node -e 0: ${node.toFixed(2)} s`)
  const shares = Object.entries(LIMITS_S).map(([name, limitS]) => {
    const took = median(seconds[name as keyof typeof LIMITS_S])
    say(`${name}: ${took.toFixed(2)} s, ${(took / node).toFixed(1)} times Node alone; limit ${limitS} s`)
    return { took, limitS }
  })
  const [worst = { took: NaN, limitS: NaN }] = shares.toSorted(
    (a, b) => b.took / b.limitS - a.took / a.limitS,
  )
  const [ours, peer] = [round(worst.took, 2), worst.limitS]
  return { name: 'startup', unit: 's of CPU', ours, peer, ratio: round(ours / peer, 2) }
}

/** By the shell's `times`: of its children, user and system. */
async function commandS(args: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  const script = '"$@" >/dev/null 2>&1; times'
  const { stdout } = await promisify(execFile)('bash', ['-c', script, 'bash', process.execPath, ...args], {
    env,
  })
  const [, children = ''] = stdout.trim().split('\n')
  return [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, s]) => sum + Number(minutes) * 60 + Number(s),
    0,
  )
}

/** Until it has said that it is ready. Linux only. */
async function childS(kind: 'serve' | 'work', env: Readonly<Record<string, string>>): Promise<number> {
  const flags = kind === 'work' ? WORKER_FLAGS : []
  const main = await (await treeAt()).compiled('runtime/main.ts')
  const child = fork(main, ['child', kind], {
    execArgv: ['--require', STACKS, ...flags],
    env,
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  try {
    const lost = once(child, 'exit').then(([code]) => {
      throw new Error(`${kind} ended with ${String(code)} before it was ready`)
    })
    const ready = new Promise<void>((resolve) =>
      child.on('message', ({ type }: { type: string }) => type === 'ready' && resolve()),
    )
    await Promise.race([ready, lost])
    lost.catch(() => undefined)
    // All its threads, so not `task/<pid>`.
    const times = parseProcessTimes(readFileSync(`/proc/${child.pid}/stat`, 'latin1'))
    return (times?.cpuMs ?? NaN) / 1_000
  } finally {
    child.kill('SIGKILL')
  }
}
