/** A source as a stream of Node. @module */
import { Readable } from 'node:stream'

/**
 * The bytes of a small source as one step, without the signals and generators of a read, which cost more than all the rest of it.
 *
 * @param check - throws when nothing may be read any more
 */
export function streamOfBytes(
  content: Buffer,
  onBytes: (count: number) => void,
  check: () => void,
): Readable {
  check()
  return new Readable({
    read() {
      try {
        check()
      } catch (error) {
        this.destroy(error as Error)
        return
      }
      if (content.length > 0) {
        onBytes(content.length)
        this.push(content)
      }
      this.push(null)
    },
  })
}

/** Not with `Readable.from`, which waits on destruction for the pending step, here for the store. */
export function streamOf(read: (signal: AbortSignal) => AsyncGenerator<Buffer, void, void>): Readable {
  const destroyed = new AbortController()
  const steps = read(destroyed.signal)
  return new Readable({
    read() {
      steps.next().then(
        ({ value }) => this.push(value ?? null),
        (error: Error) => this.destroy(error),
      )
    },
    destroy(error, done) {
      destroyed.abort()
      steps.return().then(
        () => done(error),
        () => done(error),
      )
    },
  })
}
