/** Buffers for the steps in which files are read: kept, since a new one for each file means page faults and garbage. @module */

/** Large, because small steps spend more time between the steps than in them. */
export const STEP_BYTES = 1024 * 1024
/** So many files are read at a time, mostly. */
const MOST_KEPT = 8

const kept: Buffer[] = []

/** A buffer for a body of `sizeBytes`, for the duration of `use`. */
export async function withStepBuffer<T>(sizeBytes: number, use: (buffer: Buffer) => Promise<T>): Promise<T> {
  if (sizeBytes < STEP_BYTES) return use(Buffer.allocUnsafe(sizeBytes))
  const buffer = kept.pop() ?? Buffer.allocUnsafeSlow(STEP_BYTES)
  try {
    return await use(buffer)
  } finally {
    if (kept.length < MOST_KEPT) kept.push(buffer)
  }
}
