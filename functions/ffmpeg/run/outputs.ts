/** The pipes of a child process besides its lines: one reader for each. @module */
import type { ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import { createGuard } from './guard.ts'

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
      await readTo(pipe, take)
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

/**
 * By its events: an iterator costs as much again for each 64 KiB as reading them does. Not by `data`: when the process ends, Node
 * resumes every pipe that is paused.
 */
function readTo(pipe: Readable, take: OutputReader): Promise<void> {
  return new Promise((resolve, reject) => {
    let [isBusy, isEnded] = [false, false]
    const takeAll = () => {
      while (!isBusy) {
        const bytes = pipe.read() as Buffer | null
        if (bytes === null) return
        const taken = take(bytes)
        if (!taken) continue
        isBusy = true
        taken.then(goOn, reject)
      }
    }
    const guarded = createGuard(reject)
    const goOn = () => {
      isBusy = false
      guarded(takeAll)
      if (isEnded && !isBusy) resolve()
    }
    pipe.on('readable', () => guarded(takeAll))
    pipe.once('end', () => {
      isEnded = true
      if (!isBusy) resolve()
    })
    pipe.once('error', reject)
    pipe.once('close', () => {
      if (!pipe.readableEnded) reject(new Error('the pipe was closed'))
    })
  })
}
