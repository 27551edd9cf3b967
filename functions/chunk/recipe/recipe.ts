/** The recipe by which FFmpeg makes the chunks of one source, and what it depends on. @module */
import type { FfmpegBinaries } from '../../ffmpeg/build/binaries.ts'
import type { Profile } from '../../ffmpeg/run/metrics.ts'
import type { Limits } from '../../ffmpeg/sandbox/ulimits.ts'
import type { ChunkPlan, Mode } from '../../media/container.ts'
import type { Inspection } from '../../media/inspect.ts'
import type { Survey } from '../../media/packets/survey.ts'
import type { BeforeCopy } from '../plan/before-copy.ts'
import type { CutPlan } from '../plan/cut-plan.ts'

export interface Recipe {
  readonly mode: Mode
  readonly profile: Profile
  readonly arguments: readonly string[]
  /** Of a copy, for another try where packets come at one time, or a moment too early: that ends the first one. */
  readonly patientArguments?: readonly string[]
  readonly limits: Partial<Limits>
  /** What comes later in the source is left out on purpose. */
  readonly untilSeconds?: number | undefined
  /** Each chunk but the first begins with a picture that needs the chunk before. */
  readonly isPacked?: boolean
  /** What is worth telling before anything is made. */
  readonly warnings: readonly string[]
}

export interface RecipeParts {
  readonly mode: Mode
  readonly cutPlan: CutPlan
  /** The number of the first piece. @defaultValue 0 */
  readonly firstSegment?: number
  /** Of a source that breaks off, what came before is kept. */
  readonly keepsGoodPart?: boolean
  /** What comes later is no good. */
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
