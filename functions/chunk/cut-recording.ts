/** One recording -> its plan and its chunks: plans the cuts, examines the file where needed, and runs FFmpeg. @module */
import { availableParallelism } from 'node:os'
import { type Logger, PermanentError } from '../../runtime/index.ts'
import { unreadableAmr, whyNothing } from './plan/left-out.ts'
import { lookBeforeCopy } from './plan/before-copy.ts'
import type { FfmpegBinaries } from '../ffmpeg/build/binaries.ts'
import { goodPart } from './proof/good-part.ts'
import {
  type ChunkPlan,
  type DroppedStream,
  type Mode,
  planChunks,
  type PlanOptions,
} from '../media/container.ts'
import { type CutPlan, planCuts } from './plan/cut-plan.ts'
import { type Chunk, cut } from './cut.ts'
import { hidesPictures, stillsOf } from '../media/picture-facts.ts'
import type { MediaInfo } from '../media/media-info.ts'
import { createProgressReporter, type ProgressReporter } from '../ffmpeg/run/progress.ts'
import { recipeOf } from './recipe/write.ts'
import type { Recording } from './recordings.ts'
import type { Request } from './plan/request.ts'
import { declaredSeconds } from '../media/declared-length.ts'
import { type Survey, surveyWarnings } from '../media/packets/survey.ts'
import { hasEdits } from './proof/completeness.ts'

export interface CutRecordingOptions {
  readonly recording: Recording
  readonly survey: Survey | undefined
  readonly request: Request
  readonly mode: Mode
  readonly streams: NonNullable<PlanOptions['streams']>
  readonly keepsGoodPart: boolean
  readonly binaries: FfmpegBinaries
  readonly scratch: string
  readonly signal: AbortSignal
  readonly log: Logger
  readonly progress: Parameters<typeof createProgressReporter>[1]
  readonly onWarning: (warning: string) => void
  readonly onTruncated: (atSeconds: number) => void
}

export interface RecordingCut {
  readonly plan: ChunkPlan
  readonly cutPlan: CutPlan
  readonly reporter: ProgressReporter
  readonly chunks: AsyncGenerator<Chunk, void, void>
}

/** @throws {PermanentError} when there is nothing to cut, or not as requested */
export async function cutRecording(options: CutRecordingOptions): Promise<RecordingCut> {
  const { recording, survey, request, mode, streams, keepsGoodPart, binaries, onWarning } = options
  const { scratch, signal, log, progress } = options
  const { inspection, source, firstSegment } = recording
  const { media, document, isWebm } = inspection
  const unreadable = unreadableAmr(document, media.audio, { mode, version: binaries.version })
  const plan = planChunks(media, {
    mode,
    streams,
    isWebm,
    isMp4Unsafe: hidesPictures(inspection, binaries),
    stills: stillsOf(document, media.video),
    unreadable,
  })
  const refusal = whyNothing(media, plan, streams)
  if (!plan || refusal !== undefined)
    throw new PermanentError(nothingButAmr(media, unreadable) ?? refusal ?? 'there is nothing to cut')
  const { container, kept, dropped } = plan
  const reporter = createProgressReporter(declaredSeconds(media, kept), progress)
  const onProgress = reporter.repeat
  const cutPlan = await planCuts({ request, mode, inspection, plan, scratch, signal, onProgress })
  // A track with several edits goes back and forth, and is not torn.
  const isLookedAt = keepsGoodPart && !hasEdits({ inspection, plan })
  const good = isLookedAt
    ? await goodPart({ inspection, plan }, { scratch, signal, onRead: onProgress })
    : undefined
  const before = await lookBeforeCopy({ mode, plan, inspection, source, scratch, signal, onProgress })
  const recipe = recipeOf({
    mode,
    cutPlan,
    firstSegment,
    keepsGoodPart,
    untilSeconds: good?.untilSeconds,
    inspection,
    plan,
    survey,
    before,
    binaries,
    cores: availableParallelism(),
  })
  log.debug({ mode, container: container.extension, streams: kept.length }, 'cutting')
  const first = [
    ...(inspection.warnings ?? []),
    ...dropped.map(droppedWarning),
    ...surveyWarnings(survey),
    ...recipe.warnings,
  ]
  for (const warning of first) onWarning(warning)
  const chunks = cut({
    recipe,
    cutPlan,
    inspection,
    plan,
    keepsGoodPart,
    clock: good?.clock,
    scratch,
    signal,
    onProgress: reporter.report,
    onWarning,
    onTruncated: options.onTruncated,
  })
  return { plan, cutPlan, reporter, chunks }
}

function nothingButAmr(media: MediaInfo, unreadable: ReadonlyMap<number, string>): string | undefined {
  const [why] = unreadable.values()
  return why === undefined || media.audio.length > unreadable.size
    ? undefined
    : `there is only sound to cut, and ${why}`
}

function droppedWarning({ index, codec, language, why }: DroppedStream): string {
  const spoken = language === undefined ? '' : `, ${language}`
  return `stream ${index} (${codec}${spoken}) is not in the chunks: ${why}`
}
