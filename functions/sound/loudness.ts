/**
 * Loudness by EBU R128, as FFmpeg's filter `ebur128` prints it, and the one gain that leads to a target. Pure.
 * No `loudnorm`: in silence it turns to a mode that changes the dynamics (`docs/decisions.md`).
 * @module
 */

export interface Loudness {
  /** Integrated. Absent where nothing is louder than the gate of -70 LUFS: silence, or less than 0.4 s. */
  readonly lufs?: number
  readonly truePeakDb?: number
}

/** Of lossy encoders: they overshoot a little. EBU R128 s1 and podcast guides say -1 to -2. */
export const MAX_TRUE_PEAK_DB = -1.5
/** Where `ebur128` begins to count. */
const GATE_LUFS = -70
/** Peaks are printed with three decimals: a smaller one is 0. */
const SMALLEST_PEAK = 0.0005
/** How far from its target a result may lie. EBU R128 allows 0.5 LU to programmes that cannot be measured beforehand. */
const TOLERANCE_LU = 0.5

const LINE = /^lavfi\.r128\.(?:(I)|true_peaks_ch\d+)=(\S+)$/

/** Feeds on what `ametadata` prints; each number replaces the one before it. Pure but for its own state. */
export function createLoudnessReader() {
  let lufs = -Infinity
  let peak = 0
  return {
    /** **Shape**: `lavfi.r128.I=-22.570`, `lavfi.r128.true_peaks_ch0=0.512`, which is linear. */
    add(line: string): void {
      const [, isIntegrated, text] = LINE.exec(line) ?? []
      const value = Number(text)
      if (!Number.isFinite(value)) return
      if (isIntegrated) lufs = value
      else peak = Math.max(peak, value)
    },
    loudness(): Loudness {
      return {
        ...(lufs > GATE_LUFS && { lufs }),
        ...(peak > 0 && { truePeakDb: 20 * Math.log10(Math.max(peak, SMALLEST_PEAK)) }),
      }
    },
  }
}

export interface Gain {
  readonly gainDb: number
  /** The peak allows no more. */
  readonly isBounded: boolean
}

/** `undefined` for sound that has no loudness: no gain would give it one. */
export function gainTo(targetLufs: number, { lufs, truePeakDb = -Infinity }: Loudness): Gain | undefined {
  if (lufs === undefined) return undefined
  const [wanted, allowed] = [targetLufs - lufs, MAX_TRUE_PEAK_DB - truePeakDb]
  return { gainDb: Math.min(wanted, allowed), isBounded: allowed < wanted }
}

/** Of a result that was measured again. */
export function loudnessWarnings(targetLufs: number, gain: Gain | undefined, result: Loudness): string[] {
  if (!gain) return ['the sound is silent or shorter than 0.4 s: its loudness was left as it is']
  const { lufs = -Infinity } = result
  if (Math.abs(lufs - targetLufs) <= TOLERANCE_LU) return []
  const reached = `the sound reaches ${decibels(lufs)} LUFS and not the ${decibels(targetLufs)} asked for`
  return [
    gain.isBounded
      ? `${reached}: a larger gain would exceed ${decibels(MAX_TRUE_PEAK_DB)} dBTP`
      : `${reached}: it is too short or too uneven to be measured well`,
  ]
}

/** Of a source that is kept as loud as it is. */
export function clippingWarnings({ truePeakDb = -Infinity }: Loudness): string[] {
  return truePeakDb > 0
    ? [
        `the sound peaks at ${decibels(truePeakDb)} dBTP, above full scale, and may crackle: loudness=-16 lowers it`,
      ]
    : []
}

function decibels(value: number): string {
  return value.toFixed(1)
}
