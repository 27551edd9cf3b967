/** The Lua scripts as commands of a Redis connection. Each script's file says what it takes and returns. @module */
import { readFileSync } from 'node:fs'
import type { Redis } from './redis.ts'

/** Before each script. */
const PRELUDE = ['prelude', 'prelude_run', 'prelude_tell', 'prelude_queue']

/**
 * Scripts that free memory must run when Redis is full, or the system could never drain. `parts` are the files whose text makes a
 * script, where it is not one of its own name.
 */
const SCRIPTS = {
  read_inbox: { mayExceedMemory: true },
  look_inbox: { mayExceedMemory: true },
  admit: { mayExceedMemory: false },
  turn: { mayExceedMemory: true, parts: ['turn', 'turn_settle', 'turn_claim', 'turn_wait'] },
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
  cancel: { mayExceedMemory: true, parts: ['cancel_run', 'cancel'] },
  cancel_runs: { mayExceedMemory: true, parts: ['cancel_run', 'cancel_runs'] },
  repair: { mayExceedMemory: false },
  save_sweep: { mayExceedMemory: true },
  prune: { mayExceedMemory: true },
  retire_consumers: { mayExceedMemory: true },
  put_off_debt: { mayExceedMemory: true },
  set_aside: { mayExceedMemory: true },
  verdict_written: { mayExceedMemory: true },
  begin_answer: { mayExceedMemory: false },
  end_answer: { mayExceedMemory: false },
  find_runs: { mayExceedMemory: true, parts: ['filter', 'find_runs'] },
  find_letters: { mayExceedMemory: true, parts: ['filter', 'find_letters'] },
  find_changed: { mayExceedMemory: true },
  find_running: { mayExceedMemory: true },
  pick_runs: { mayExceedMemory: true, parts: ['filter', 'pick_runs'] },
  claim_stream: { mayExceedMemory: false, parts: ['stream_takes', 'claim_stream'] },
  adopt_stream: { mayExceedMemory: true, parts: ['stream_takes', 'adopt_stream'] },
  beat_stream: { mayExceedMemory: true, parts: ['stream_takes', 'beat_stream'] },
  stop_stream: { mayExceedMemory: true },
  end_stream: { mayExceedMemory: true, parts: ['stream_takes', 'end_stream'] },
  withdraw_stream: { mayExceedMemory: true },
  set_stream_record: { mayExceedMemory: true },
  count_states: { mayExceedMemory: true },
} as const satisfies Record<string, { mayExceedMemory: boolean; parts?: readonly string[] }>

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
    const parts = 'parts' in script ? script.parts : [name]
    const lua = flags + whole(textOf(PRELUDE), textOf(parts))
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

/** A script may return anywhere; after that it tells its changes. */
function whole(prelude: string, main: string): string {
  return `${prelude}local function main()\n${main}end\nlocal reply = main()\nannounce()\nreturn reply\n`
}

function textOf(names: readonly string[]): string {
  return names.map((name) => readFileSync(new URL(`./scripts/${name}.lua`, import.meta.url), 'utf8')).join('')
}
