/** Runs actors one step at a time in an order that a test chooses. A step is a call of a gated part. @module */

/** Each call of a method waits for its turn. */
export function gated<T extends object>(part: T, step: () => Promise<void>): T {
  return new Proxy(part, {
    get(target, name, receiver) {
      const value = Reflect.get(target, name, receiver) as unknown
      if (typeof value !== 'function') return value
      if (name === 'list')
        return async function* (...args: unknown[]) {
          await step()
          yield* value.apply(target, args) as AsyncIterable<unknown>
        }
      return async (...args: unknown[]) => {
        await step()
        return value.apply(target, args) as unknown
      }
    },
  })
}

export class Died extends Error {}

export type Actor = (step: () => Promise<void>) => Promise<void>

/**
 * @param choose - which of the actors that wait does its next step; `dies` ends it in place of that step
 * @returns the steps that were done, by the actors' names
 */
export async function interleave<Name extends string>(
  actors: Readonly<Record<Name, Actor>>,
  choose: (waiting: readonly Name[], done: number) => { readonly name: Name; readonly dies?: boolean },
): Promise<Name[]> {
  const waiting = new Map<Name, { go: () => void; die: () => void }>()
  const order: Name[] = []
  const ended = new Set<Name>()
  const failures: unknown[] = []
  let wake = () => {}
  for (const name of Object.keys(actors) as Name[]) {
    const step = () =>
      new Promise<void>((go, reject) => {
        waiting.set(name, { go, die: () => reject(new Died(`${name} died`)) })
        wake()
      })
    void actors[name](step)
      .catch((error: unknown) => {
        if (!(error instanceof Died)) failures.push(error)
      })
      .finally(() => {
        ended.add(name)
        waiting.delete(name)
        wake()
      })
  }
  const all = Object.keys(actors).length
  while (ended.size < all) {
    while (waiting.size + ended.size < all) await new Promise<void>((resolve) => (wake = resolve))
    if (waiting.size === 0) break
    const { name, dies } = choose([...waiting.keys()], order.length)
    const next = waiting.get(name)
    waiting.delete(name)
    order.push(name)
    if (dies) next?.die()
    else next?.go()
  }
  if (failures.length > 0) throw new AggregateError(failures, order.join(' '))
  return order
}
