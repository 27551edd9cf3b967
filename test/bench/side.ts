/**
 * One side of a comparison: a separate process that executes orders one at a time and reports the result.
 * @module
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'

export interface Side {
  readonly pid: number
  /** @throws {Error} with the process's error message, or that it has ended */
  ask<T>(order: Readonly<Record<string, unknown>>): Promise<T>
  stop(): Promise<void>
}

type Answer = { readonly value: unknown } | { readonly error: string }

export interface SideOptions {
  readonly execArgv?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** @param path - a module that answers orders, by {@link answerOrders} or the same in JavaScript */
export function startSide(path: string, args: readonly string[], options: SideOptions = {}): Side {
  const child = fork(path, args, {
    execArgv: [...(options.execArgv ?? [])],
    env: { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8', ...options.env },
  })
  const ended = once(child, 'exit')
  return {
    pid: child.pid ?? 0,
    async ask<T>(order: Readonly<Record<string, unknown>>) {
      const stopped = new AbortController()
      const lost = ended.then(() => {
        throw new Error(`${path} has ended`)
      })
      try {
        const answered = once(child, 'message', { signal: stopped.signal })
        child.send(order)
        const [answer] = (await Promise.race([answered, lost])) as [Answer]
        if ('error' in answer) throw new Error(answer.error)
        return answer.value as T
      } finally {
        stopped.abort()
        lost.catch(() => undefined)
      }
    },
    async stop() {
      child.disconnect()
      await ended
    },
  }
}

/** In the process: answers each order with the result of `act`. */
export function answerOrders(act: (order: never) => Promise<unknown>): void {
  process.on('message', (order: unknown) => {
    act(order as never).then(
      (value) => process.send?.({ value: value ?? null }),
      (error: Error) => process.send?.({ error: error.stack ?? error.message }),
    )
  })
  // The asking process is gone.
  process.once('disconnect', () => process.exit(0))
}
