/** The recipe by which FFmpeg makes the chunks of one source, and what it depends on. @module */
import type { FfmpegBinaries } from '../../ffmpeg/build/binaries.ts'
import type { RunProfile } from '../../ffmpeg/run/metrics.ts'
import type { Limits } from '../../ffmpeg/sandbox/ulimits.ts'
import type { ChunkPlan, Mode } from '../../media/container.ts'
import type { Inspection } from '../../media/inspect.ts'
import type { Survey } from '../../media/packets/survey.ts'
import type { BeforeCopy } from '../plan/before-copy.ts'
import type { CutPlan } from '../plan/cut-plan.ts'

export interface Recipe {
  readonly mode: Mode
  readonly profile: RunProfile
  readonly arguments: readonly string[]
  /** For a second try of a copy, if packets at the same time or slightly too early ended the first one. */
  readonly patientArguments?: readonly string[]
  readonly limits: Partial<Limits>
  /** Later parts of the source are left out on purpose. */
  readonly untilSeconds?: number | undefined
  /** Each chunk but the first begins with a picture that needs the previous chunk. */
  readonly isPacked?: boolean
  /** Warnings that are known before anything is made. */
  readonly warnings: readonly string[]
}

export interface RecipeParts {
  readonly mode: Mode
  readonly cutPlan: CutPlan
  /** The number of the first piece. @defaultValue 0 */
  readonly firstSegment?: number
  /** Of a truncated source, the intact part is kept. */
  readonly keepsGoodPart?: boolean
  /** Everything later is unusable. */
  readonly untilSeconds?: number | undefined
  readonly inspection: Inspection
  readonly plan: ChunkPlan
  /** Of the packets of a source that is encoded, where their times matter. */
  readonly survey?: Survey | undefined
  readonly before?: BeforeCopy
  readonly binaries: Pick<FfmpegBinaries, 'hasFpsMode' | 'version'>
  /** Of the machine: FFmpeg uses all of them. */
  readonly cores: number
}
