/** The worker without one of its guards each. @module */
import { mutantsOf, type Mutant } from './mutant.ts'

export const WORKER_MUTANTS: readonly Mutant[] = [
  ...mutantsOf(
    'runtime/worker/worker.ts',
    ['test/integration/worker-turns.test.ts'],
    [
      [
        'both turns under way share a slot',
        'const slot = freeSlots.pop() as number',
        'const slot = 0 * (freeSlots.pop() as number)',
      ],
      [
        'a second turn asks again for what the first may have claimed',
        '- inFlight.count(name) - onTheirWay',
        '- inFlight.count(name)',
      ],
      [
        'a worker is idle while claims are on their way',
        'inFlight: inFlight.size + askedBy(underWay),',
        'inFlight: inFlight.size,',
      ],
      ['a worker that drains leaves a turn behind', ' || underWay.size > 0) {', ') {'],
      ['a worker asks again beside its first attempt', 'if (request.wants.length > 0) mayBeMore = false', ''],
      [
        'a worker that misses a word never looks',
        'else if (!(await wakeUp.wait(POLL_MS))) mayBeMore = true',
        'else await wakeUp.wait(POLL_MS)',
      ],
    ],
  ),
  ...mutantsOf(
    'runtime/queue/scripts/turn_claim.lua',
    ['test/integration/queue-turn.test.ts'],
    [
      [
        'of two turns under way only one can be sent again',
        "local lastKey = P .. 'turn:' .. consumer .. ':' .. slot",
        "local lastKey = P .. 'turn:' .. consumer",
      ],
    ],
  ),
  ...mutantsOf(
    'runtime/worker/attempt/late.ts',
    ['test/unit/worker/attempt/handle.test.ts'],
    [['a handler that was left behind writes on', 'if (this.#isOver) void this.#close(this.made)', '']],
  ),
  ...mutantsOf(
    'runtime/worker/attempt/perform.ts',
    ['test/unit/worker/attempt/perform.test.ts'],
    [['a handler that goes on after its answer writes on', '  await output.end()\n  return', '  return']],
  ),
  ...mutantsOf(
    'runtime/worker/in-flight.ts',
    ['test/unit/worker/in-flight.test.ts'],
    [
      [
        'an attempt that was aborted before it had a signal gets one that says nothing',
        'if (this.aborted) this.#controller.abort(this.aborted)',
        '',
      ],
    ],
  ),
]
