/** A receiver in a process of its own, which may be killed at any step. @module */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { EndOfTake, Summary } from '../../../runtime/reception/connection.ts'
import type { SessionOf } from '../../../runtime/reception/names.ts'
import type { ReceptionNumbers } from '../../../runtime/reception/reception.ts'
import { waitUntilSuspended } from '../suspend.ts'
import type { ChildOptions, Order } from './engine-child.ts'
import { senderOf } from './engine.ts'

const CHILD = fileURLToPath(new URL('engine-child.ts', import.meta.url))

export interface EngineProcess {
  readonly pid: number
  admit(name: string, rest?: Parameters<typeof senderOf>[1]): Promise<{ of: SessionOf; take: number }>
  push(count: number, sizeBytes?: number): Promise<void>
  open(seconds: number): Promise<void>
  end(how?: EndOfTake): Promise<Summary | undefined>
  isCut(): Promise<boolean>
  numbers(): Promise<ReceptionNumbers>
  drain(drainMs: number): Promise<void>
  /** Resolves when it has died, by our hand or its own. */
  readonly dead: Promise<void>
  kill(): Promise<void>
  suspend(): void
  resume(): void
}

export async function startEngineProcess(options: ChildOptions): Promise<EngineProcess> {
  const child = fork(CHILD, [JSON.stringify(options)], { execArgv: ['--import', 'tsx'] })
  const pending = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  const dead = once(child, 'exit').then(() => {
    for (const waiting of pending.values()) waiting.reject(new Error('the receiver has died'))
  })
  let last = 0
  const answer = (id: number) =>
    new Promise<unknown>((resolve, reject) => void pending.set(id, { resolve, reject }))
  child.on('message', ({ id, value, error }: { id: number; value?: unknown; error?: string }) => {
    const waiting = pending.get(id)
    pending.delete(id)
    if (error === undefined) waiting?.resolve(value)
    else waiting?.reject(new Error(error))
  })
  const ready = answer(0)
  const tell = (order: Order): Promise<unknown> => {
    const id = ++last
    const answered = answer(id)
    child.send({ id, order }, (error) => error && pending.get(id)?.reject(error))
    return answered
  }
  await ready
  return {
    pid: child.pid as number,
    admit: async (name, rest) =>
      (await tell({ kind: 'admit', sender: senderOf(name, rest) })) as { of: SessionOf; take: number },
    push: async (count, sizeBytes) =>
      void (await tell({ kind: 'push', count, ...(sizeBytes !== undefined && { sizeBytes }) })),
    open: async (seconds) => void (await tell({ kind: 'open', seconds })),
    end: async (how = 'sender-finished') => (await tell({ kind: 'end', how })) as Summary | undefined,
    isCut: async () => (await tell({ kind: 'isCut' })) as boolean,
    numbers: async () => (await tell({ kind: 'numbers' })) as ReceptionNumbers,
    drain: async (drainMs) => {
      await tell({ kind: 'drain', drainMs })
      await dead
    },
    dead,
    async kill() {
      child.kill('SIGKILL')
      await dead
    },
    suspend() {
      child.kill('SIGSTOP')
      waitUntilSuspended(child.pid as number)
    },
    resume: () => void child.kill('SIGCONT'),
  }
}
