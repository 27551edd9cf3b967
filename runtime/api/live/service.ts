/** Live events: changes of many things, and the course of one run. @module */
import { messageOf } from '../../errors.ts'
import { isOpen } from '../../queue/run.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { ProblemError, RefusedError } from '../http/problem.ts'
import type { Run } from '../runs/model.ts'
import type { RunService } from '../runs/service.ts'
import { changesAbout, parseAbout } from './about.ts'
import { createEventStream } from './event-stream.ts'
import type { Hub } from './hub.ts'
import { toChange } from './model.ts'

export interface LiveService {
  /**
   * Tells the changes of the subject `about`.
   *
   * @param sinceId - of the last event that was heard
   * @throws {RefusedError} impossible for an unknown text; {ProblemError} 503 when too many look on
   */
  watch(about: string, sinceId?: string): Response
  /**
   * Tells the status of a run, its progress and the lines of its tool, until it has ended. Undefined when the reader knows its end.
   *
   * @throws {RefusedError} not-found; {ProblemError} 503 when too many look on
   */
  follow(runId: string, sinceId?: string): Promise<Response | undefined>
}

export interface LiveParts {
  readonly hub: Hub
  readonly runs: Pick<RunService, 'facts'>
  readonly log: Logger
}

export function createLiveService({ hub, runs, log }: LiveParts): LiveService {
  return {
    watch(text, sinceId) {
      const about = parseAbout(text)
      if (!about) {
        const known =
          'all, function:<name>, run:<id>, object:<bucket>/<key>, streams, stream:<name>, job:<id>'
        throw new RefusedError('impossible', `about: one of ${known}`)
      }
      let stop: (() => void) | undefined
      const stream = createEventStream(() => stop?.())
      stop = hub.watch(
        {
          onOpen: (id) => stream.send({ name: 'ready', id, data: {} }),
          onChanges(changes, id) {
            const own = changesAbout(about, changes)
            if (own) stream.send({ name: 'change', id, data: toChange(own) })
          },
          onEnd: stream.end,
        },
        { sinceId },
      )
      if (!stop) throw tooMany(stream.end)
      return stream.response
    },

    async follow(runId, sinceId) {
      const first = await runs.facts(runId)
      if (!first) throw new RefusedError('not-found', `there is no run ${runId}`)
      if (wasTold(first, sinceId)) return undefined
      return followed(first)
    },
  }

  function followed(first: Run): Response {
    const { id: runId } = first
    let stop: (() => void) | undefined
    const stream = createEventStream(() => stop?.())
    let shown: Run | undefined
    const show = (run: Run, id: string) => {
      if (!isOpen(run.status)) {
        stream.send({ name: 'status', id: idOfEnd(run, id), data: statusOf(run) })
        stream.end()
        return
      }
      if (JSON.stringify(statusOf(run)) !== JSON.stringify(shown && statusOf(shown)))
        stream.send({ name: 'status', id, data: statusOf(run) })
      const isMoved = JSON.stringify(run.progress) !== JSON.stringify(shown?.progress)
      if (run.progress && isMoved) stream.send({ name: 'progress', id, data: run.progress })
      shown = run
    }
    const look = async (id: string) => {
      try {
        const run = await runs.facts(runId)
        if (run) show(run, id)
        else stream.end()
      } catch (error) {
        // Its next change is looked at again; after an outage all that was missed is.
        log.debug({ run: runId, error: messageOf(error) }, 'cannot read a run that somebody follows')
      }
    }
    stop = hub.watch(
      {
        onOpen: (id) => void look(id),
        onChanges(changes, id) {
          if (changesAbout({ kind: 'run', name: runId }, changes)) void look(id)
        },
        onLines: (lines) => stream.send({ name: 'log', data: { lines } }),
        onEnd: stream.end,
      },
      { runId },
    )
    if (!stop) throw tooMany(stream.end)
    return stream.response
  }
}

/** The reader has heard of the end: a browser must not ask again and again. */
function wasTold({ status, endedAt }: Run, sinceId: string | undefined): boolean {
  return !isOpen(status) && endedAt !== undefined && Number(sinceId) >= Date.parse(endedAt)
}

/** Not earlier than the end, so that this reader counts as told. */
function idOfEnd({ endedAt }: Run, id: string): string {
  return endedAt === undefined ? id : String(Math.max(Number(id), Date.parse(endedAt)))
}

function statusOf(run: Run): Omit<Run, 'progress'> {
  const { progress: _, ...rest } = run
  return rest
}

const BUSY_SECONDS = 10

function tooMany(end: () => void): ProblemError {
  end()
  return new ProblemError(503, 'too many look on at once, or this process ends; try again later', {
    headers: { 'retry-after': String(BUSY_SECONDS) },
  })
}
