/** Samples of 16 bits out of the bytes of a pipe, which comes in pieces of any size. Pure but for its own state. @module */

/** Of our own pipes: mono, for peaks and for speech. */
export const SAMPLE_RATE = 16_000
export const SAMPLE_BYTES = 2

/** The filter that makes it, at the end of a chain. */
export const MONO_FILTER = `aresample=${SAMPLE_RATE},aformat=channel_layouts=mono:sample_fmts=s16`

export function createSampleReader(): (bytes: Buffer) => Int16Array {
  let half: Buffer | undefined
  return (bytes) => {
    const all = half ? Buffer.concat([half, bytes]) : bytes
    const whole = all.length - (all.length % SAMPLE_BYTES)
    half = whole < all.length ? Buffer.from(all.subarray(whole)) : undefined
    const samples = new Int16Array(whole / SAMPLE_BYTES)
    // On our machines, which count from the little end as the pipe does.
    Buffer.from(samples.buffer).set(all.subarray(0, whole))
    return samples
  }
}
