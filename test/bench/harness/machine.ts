/** The machine on which something is measured, and what else it did meanwhile. @module */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { promisify } from 'node:util'
import { findBinaries } from '../../../functions/ffmpeg/build/binaries.ts'
import { rootDir } from '../../../infra/local/root.ts'
import { requireProgram } from '../../helpers/servers.ts'

const run = promisify(execFile)
const GOVERNOR = '/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor'

export interface Times {
  /** All ticks of all cores. */
  readonly total: number
  /** Those that the host gave to other virtual machines. */
  readonly stolen: number
}

/** @param stat - the text of `/proc/stat`. @see https://man7.org/linux/man-pages/man5/proc_stat.5.html */
export function parseTimes(stat: string): Times {
  // Behind `cpu`: user, nice, system, idle, iowait, irq, softirq, steal; guests are in user and nice already.
  const ticks = (stat.split('\n')[0] ?? '').trim().split(/\s+/).slice(1, 9).map(Number)
  return { total: ticks.reduce((sum, each) => sum + each, 0), stolen: ticks[7] ?? 0 }
}

export interface Disturbance {
  /** The load of the last minute, at the start: what others did. */
  readonly load: number
  /** Of the cores' time, while it was measured. */
  readonly stealPercent: number
}

export async function watchMachine(): Promise<() => Promise<Disturbance>> {
  const read = async () => parseTimes(await readFile('/proc/stat', 'utf8'))
  const [load = NaN, before] = [loadavg()[0], await read()]
  return async () => {
    const after = await read()
    return { load, stealPercent: (100 * (after.stolen - before.stolen)) / (after.total - before.total) }
  }
}

/** The commit that is measured; a plus says that its sources were changed since. */
export async function describeCommit(): Promise<string> {
  const git = async (...words: readonly string[]) =>
    (await run('git', ['-C', rootDir, ...words])).stdout.trim()
  const changed = await git('status', '--porcelain', 'runtime', 'functions', 'infra', 'test')
  return `${await git('rev-parse', '--short', 'HEAD')}${changed === '' ? '' : '+'}`
}

/** In a sentence or two: what figures depend on. */
export async function describeMachine(bullmq: string): Promise<string> {
  const [cpu] = cpus()
  const governor = await readFile(GOVERNOR, 'utf8').catch(() => 'not told')
  const first = async (program: string, ...words: readonly string[]) =>
    (await run(program, words)).stdout.split('\n')[0] ?? ''
  const [, redis] = /v=(\S+)/.exec(await first(await requireProgram('redis-server'), '--version')) ?? []
  const [, minio] = /version (\S+)/.exec(await first(await requireProgram('minio'), '--version')) ?? []
  const [, ffmpeg] = /version (\S+)/.exec(await first((await findBinaries({})).ffmpegPath, '-version')) ?? []
  return (
    `${cpus().length} cores (${cpu?.model.trim()}, governor: ${governor.trim()}), ${Math.round(totalmem() / 1e9)} GB, Linux ${release()}; ` +
    `Node ${process.versions.node}, Redis ${redis}, MinIO ${minio}, FFmpeg ${ffmpeg}, BullMQ ${bullmq}`
  )
}
