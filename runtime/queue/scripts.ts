/** The Lua scripts as commands of a Redis connection. Each script's file says what it takes and returns. @module */
import { readFileSync } from 'node:fs'
import type { Redis } from './redis.ts'

/** Scripts that free memory must run when Redis is full, or the system could never drain. */
const SCRIPTS = {
  read_inbox: { mayExceedMemory: true },
  look_inbox: { mayExceedMemory: true },
  admit: { mayExceedMemory: false },
  turn: { mayExceedMemory: true },
  heartbeat: { mayExceedMemory: true },
  fence: { mayExceedMemory: true },
  note_verdicts: { mayExceedMemory: true },
  verdict_gone: { mayExceedMemory: true },
  know_verdicts: { mayExceedMemory: true },
  promote: { mayExceedMemory: false },
  reclaim: { mayExceedMemory: true },
  rerun: { mayExceedMemory: false },
  purge: { mayExceedMemory: true },
  fill_job: { mayExceedMemory: false },
  begin_job: { mayExceedMemory: false },
  withdraw: { mayExceedMemory: true },
  result_removed: { mayExceedMemory: true },
  claim_debts: { mayExceedMemory: true },
  end_job: { mayExceedMemory: true },
  register_worker: { mayExceedMemory: true },
  set_limits: { mayExceedMemory: true },
  cancel: { mayExceedMemory: true },
  repair: { mayExceedMemory: false },
  save_sweep: { mayExceedMemory: true },
  prune: { mayExceedMemory: true },
  retire_consumers: { mayExceedMemory: true },
  put_off_debt: { mayExceedMemory: true },
  set_aside: { mayExceedMemory: true },
  verdict_written: { mayExceedMemory: true },
  begin_answer: { mayExceedMemory: false },
  end_answer: { mayExceedMemory: false },
  find_runs: { mayExceedMemory: true, with: 'filter' },
  find_letters: { mayExceedMemory: true, with: 'filter' },
  pick_runs: { mayExceedMemory: true, with: 'filter' },
  claim_stream: { mayExceedMemory: false, with: 'stream_takes' },
  adopt_stream: { mayExceedMemory: true, with: 'stream_takes' },
  beat_stream: { mayExceedMemory: true, with: 'stream_takes' },
  stop_stream: { mayExceedMemory: true },
  end_stream: { mayExceedMemory: true, with: 'stream_takes' },
  withdraw_stream: { mayExceedMemory: true },
  set_stream_record: { mayExceedMemory: true },
  count_states: { mayExceedMemory: true },
} as const satisfies Record<string, { mayExceedMemory: boolean; with?: string }>

type ScriptName = keyof typeof SCRIPTS

export type ScriptArgument = string | number | Buffer
export type RunScript = (
  name: ScriptName,
  args: readonly ScriptArgument[],
  as?: 'text' | 'bytes',
) => Promise<unknown>

/** Runs scripts on `redis`, with `prefix` as their only key. A script that Redis has forgotten is loaded again. */
export function createScripts(redis: Redis, prefix: string): RunScript {
  for (const [name, script] of Object.entries(SCRIPTS)) {
    // Known to this connection from an earlier call.
    if (commandOf(name) in redis) continue
    const flags = script.mayExceedMemory ? '#!lua flags=allow-oom\n' : ''
    const shared = 'with' in script ? read(script.with) : ''
    const lua = flags + read('prelude') + shared + read(name)
    redis.defineCommand(commandOf(name), { numberOfKeys: 1, lua })
  }
  // defineCommand adds methods that the type of a connection cannot know. A list as one argument: there may be too many to spread.
  const commands = redis as unknown as Record<
    string,
    (prefix: string, args: readonly ScriptArgument[]) => Promise<unknown>
  >
  return (name, args, as = 'text') => {
    const command = `${commandOf(name)}${as === 'bytes' ? 'Buffer' : ''}`
    return (commands[command] as (typeof commands)[string])(prefix, args)
  }
}

function commandOf(name: string): string {
  return `sluice_${name}`
}

function read(name: string): string {
  return readFileSync(new URL(`./scripts/${name}.lua`, import.meta.url), 'utf8')
}
