/** Metrics of FFmpeg runs. Labels are bounded, and every combination exists from the start. @module */
import { Counter, Histogram } from 'prom-client'
import { functionMetrics } from '../../../runtime/index.ts'

/** Kinds of FFmpeg work: reading a description, copying packets, decoding (pictures of a film, measuring sound), encoding, receiving a stream. */
export const PROFILES = ['probe', 'copy', 'decode', 'encode', 'receive'] as const
export type Profile = (typeof PROFILES)[number]
/** Those of a run with an end; a take of a stream has none. */
export type RunProfile = Exclude<Profile, 'receive'>

/** `failed`: it ended by itself with an error or crashed; `aborted`: we ended it; `unstartable`: it never ran. */
export const RUN_OUTCOMES = ['succeeded', 'failed', 'aborted', 'unstartable'] as const
export type RunOutcome = (typeof RUN_OUTCOMES)[number]

const registers = [functionMetrics]

export const ffmpegRuns = new Counter({
  name: 'sluice_ffmpeg_runs_total',
  help: 'FFmpeg and ffprobe processes that ended, by outcome.',
  labelNames: ['profile', 'outcome'],
  registers,
})

export const ffmpegDuration = new Histogram({
  name: 'sluice_ffmpeg_duration_seconds',
  help: 'Run time of FFmpeg and ffprobe processes, including pauses for slow uploads.',
  labelNames: ['profile'],
  buckets: [0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200],
  registers,
})

export const mediaSecondsProcessed = new Counter({
  name: 'sluice_media_seconds_processed_total',
  help: 'Media time processed by FFmpeg.',
  labelNames: ['profile'],
  registers,
})

export const ffmpegCpuSeconds = new Counter({
  name: 'sluice_ffmpeg_cpu_seconds_total',
  help: 'CPU time of FFmpeg and ffprobe processes that ended (on Linux).',
  labelNames: ['profile'],
  registers,
})

export const ffmpegMaxRssBytes = new Histogram({
  name: 'sluice_ffmpeg_max_rss_bytes',
  help: 'Peak memory of an FFmpeg or ffprobe process, as last seen while it ran (on Linux).',
  labelNames: ['profile'],
  buckets: [16, 32, 64, 128, 256, 512, 1_024, 2_048, 4_096].map((mebibytes) => mebibytes * 1024 ** 2),
  registers,
})

for (const profile of PROFILES) {
  ffmpegCpuSeconds.inc({ profile }, 0)
  ffmpegMaxRssBytes.zero({ profile })
  for (const outcome of RUN_OUTCOMES) ffmpegRuns.inc({ profile, outcome }, 0)
  ffmpegDuration.zero({ profile })
  mediaSecondsProcessed.inc({ profile }, 0)
}
