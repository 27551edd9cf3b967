import { describe, expect, it } from 'vitest'
import { createRunService } from '../../../runtime/operations/runs.ts'
import type { History } from '../../../runtime/queue/history.ts'
import type { AgainOutcome, AgainRequest, Queue } from '../../../runtime/queue/queue.ts'
import type { RunState } from '../../../runtime/queue/run.ts'
import { functionNamed, only, RUN_ID, runOf, storeWith } from './facts.ts'

async function retry(
  state: RunState,
  { force = false, outcome = 'queued' }: { force?: boolean; outcome?: AgainOutcome } = {},
) {
  const asked: AgainRequest[] = []
  const service = createRunService({
    queue: only<Queue>({
      run: () => Promise.resolve(runOf({ state })),
      async again(request) {
        asked.push(request)
        return [outcome]
      },
    }),
    history: only<History>({ tries: () => Promise.resolve([]) }),
    storage: storeWith({
      head: () =>
        Promise.resolve({ etag: 'e', versionId: 'v1', sizeBytes: 10, lastModifiedMs: 0, metadata: {} }),
    }),
    functions: [functionNamed('cut')],
  })
  const answer: unknown = await service.retry(RUN_ID, { force }).catch((error: unknown) => error)
  return { answer, asked }
}

describe('a retry', () => {
  it.each(['dead', 'cancelled', 'superseded', 'source-gone'] as const)(
    'of a run that is %s',
    async (state) => {
      const { answer, asked } = await retry(state)
      expect(answer).toMatchObject({ id: RUN_ID })
      expect(asked).toMatchObject([{ trigger: state === 'dead' ? 'redrive' : 'reprocess', isForced: false }])
    },
  )

  it.each(['succeeded', 'queued', 'running', 'retrying'] as const)(
    'of a run that is %s needs force',
    async (state) => {
      const refused = await retry(state)
      expect(refused.answer).toMatchObject({ status: 409, message: expect.stringContaining('"force"') })
      expect(refused.asked).toEqual([])
      const forced = await retry(state, { force: true })
      expect(forced.answer).toMatchObject({ id: RUN_ID })
      expect(forced.asked).toMatchObject([{ trigger: 'reprocess', isForced: true }])
    },
  )

  it.each([
    ['busy', 409],
    ['ended', 409],
    ['unknown', 404],
  ] as const)('that the queue answers with %s is a %i', async (outcome, status) => {
    const { answer } = await retry('dead', { outcome })
    expect(answer).toMatchObject({ name: 'RefusedError', status, message: expect.stringContaining(RUN_ID) })
  })
})
