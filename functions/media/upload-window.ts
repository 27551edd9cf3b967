/** Uploads files while more are being made, and makes the producer wait when uploads fall behind. @module */
import type { Output, OutputFile } from '../../runtime/index.ts'

export interface UploadWindow {
  /**
   * Starts the upload of a file and returns when there is room for another.
   *
   * @throws the first failure of any upload so far
   */
  add(file: OutputFile): Promise<void>
  /** Returns when everything is sent; throws the first failure. */
  finish(): Promise<void>
}

/** The number of files that may wait before the producer does. */
const MAX_WAITING = 4

export function createUploadWindow(output: Output, onSent: () => void): UploadWindow {
  const pending = new Set<Promise<void>>()
  const failures: unknown[] = []
  const mustBeFine = () => {
    if (failures.length === 0) return
    const [first] = failures
    throw first instanceof Error ? first : new Error(String(first))
  }
  return {
    async add(file) {
      const sent: Promise<void> = output
        .upload(file)
        .then(onSent, (error: unknown) => void failures.push(error))
        .finally(() => pending.delete(sent))
      pending.add(sent)
      while (failures.length === 0 && output.waiting > MAX_WAITING && pending.size > 0)
        await Promise.race(pending)
      mustBeFine()
    },
    async finish() {
      await Promise.all(pending)
      mustBeFine()
    },
  }
}
