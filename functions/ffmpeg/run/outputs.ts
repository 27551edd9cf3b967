/** The pipes of a child process besides its lines: one reader for each. @module */
import type { ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'

/**
 * Takes the next bytes of one output. While its promise is pending, that pipe is not read, so the process stops at its next
 * write once the system's buffers are full.
 */
export type OutputReader = (bytes: Buffer) => void | Promise<void>

/** The descriptor of the first output; 3 is the one of `-progress`. */
export const FIRST_OUTPUT = 4

export interface Outputs {
  /** Settles when every reader has taken its last bytes, or none will take any more. */
  readonly taken: Promise<unknown>
  /** Nothing more is read, and no reader is called again. */
  drop(): void
}

/** @param onFailure - gets what a reader throws, once; the caller ends the process */
export function readOutputs(
  child: ChildProcess,
  readers: readonly OutputReader[],
  onFailure: (error: unknown) => void,
): Outputs {
  let isOver = false
  let giveUp = () => {}
  const dropped = new Promise<void>((resolve) => (giveUp = resolve))
  const pipes = readers.map((_, index) => child.stdio[FIRST_OUTPUT + index] as Readable)
  const drop = () => {
    isOver = true
    giveUp()
    for (const pipe of pipes) pipe.destroy()
  }
  const read = async (pipe: Readable, take: OutputReader) => {
    try {
      for await (const bytes of pipe) await take(bytes as Buffer)
    } catch (error) {
      // One that was dropped ends with an error of its own, which says nothing.
      if (isOver) return
      drop()
      onFailure(error)
    }
  }
  // Not started: `child` says so itself.
  const all = child.pid === undefined ? [] : pipes.map((pipe, index) => read(pipe, readers[index]!))
  return { taken: Promise.race([Promise.all(all), dropped]), drop }
}
