/** Runs and jobs as the interface describes them. @module */
import type { Job } from '../../../../runtime/api/jobs/model.ts'
import type { Run } from '../../../../runtime/api/runs/model.ts'

export const RUN_ID = '0123456789abcdef0123456789abcdef'

export function runOf(rest: Partial<Run> = {}, key = 'a.mp4'): Run {
  return {
    id: RUN_ID,
    function: 'chunk',
    status: 'succeeded',
    trigger: 'upload',
    object: {
      bucket: 'incoming',
      key,
      generation: 'v1',
      etag: 'e',
      sizeBytes: 2_048,
      lastModified: '2026-11-23T10:00:00.000Z',
    },
    attempts: 0,
    crashes: 0,
    epoch: 0,
    createdAt: '2026-11-23T10:00:00.000Z',
    ...rest,
  }
}

export function jobOf(rest: Partial<Job> = {}): Job {
  return {
    id: '01JOB',
    kind: 'reprocess',
    status: 'done',
    total: 2,
    handedOut: 2,
    passedOver: 0,
    request: {},
    createdAt: '2026-11-23T10:00:00.000Z',
    ...rest,
  }
}
