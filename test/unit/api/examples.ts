/** What the interface shows, for tests of the routes and of the commands that print it. */
import type { FunctionView } from '../../../runtime/api/functions/model.ts'
import type { Job } from '../../../runtime/api/jobs/model.ts'
import type { Result } from '../../../runtime/api/results/model.ts'
import type { RunDetail } from '../../../runtime/api/runs/model.ts'
import type { SweepPass } from '../../../runtime/api/sweep/model.ts'

export const RUN_ID = '0123456789abcdef0123456789abcdef'
const NOW = '2026-01-02T03:04:05.678Z'

export const RUN: RunDetail = {
  id: RUN_ID,
  function: 'cut',
  status: 'dead',
  trigger: 'upload',
  object: {
    bucket: 'incoming',
    key: 'a b/ü.mp4',
    generation: 'g',
    etag: 'e',
    sizeBytes: 1,
    lastModified: NOW,
  },
  attempts: 1,
  crashes: 0,
  epoch: 0,
  createdAt: NOW,
  reason: 'permanent',
  attemptLog: [],
  lastLines: [],
  announcements: { copies: 1, duplicates: 0 },
}

export const PASS: SweepPass = {
  id: '01SWEEP',
  kind: 'full',
  cause: 'request',
  status: 'done',
  objects: 40,
  runs: 3,
  healed: { 'lost-event': 2 },
  reported: { 'before-watermark': 30 },
  startedAt: NOW,
  endedAt: NOW,
}

export const FUNCTION: FunctionView = {
  name: 'cut',
  version: '1',
  on: { bucket: 'incoming', match: ['**/*.mp4'], ignore: [], events: [], minBytes: 0, maxBytes: null },
  outputBucket: 'processed',
  onDelete: 'keep',
  afterSuccess: 'keep',
  trigger: 'always',
  askedOn: [],
  presets: {},
  optionsSchema: {},
  settings: {},
  retry: { attempts: 3, firstMs: 1_000, maxMs: 60_000 },
  timeoutMs: 60_000,
  stallTimeoutMs: 10_000,
  concurrency: 2,
  definedConcurrency: 2,
  isPaused: false,
  watermark: NOW,
  queue: { waiting: 0, backfill: 0, running: 0, open: 0, dead: 0 },
  workers: 1,
  lastHour: { since: NOW, done: 3, failed: 2, dead: 1, perMinute: [[3, 2, 1]] },
}

export const RESULT: Result = {
  function: 'chunk',
  bucket: 'incoming',
  key: 'a.mp4',
  run: '0'.repeat(32),
  manifest: { bucket: 'processed', key: 'a.mp4/chunk/manifest.json' },
  files: 3,
  bytes: 3_000,
  warnings: 1,
  finishedAt: '2026-11-23T10:00:00.000Z',
}

export const JOB: Job = {
  id: '01JOB',
  kind: 'reprocess',
  status: 'running',
  total: 1,
  handedOut: 0,
  passedOver: 0,
  request: {},
  createdAt: NOW,
}
