/** `c.var` of a handler: each variable is made when it is read. @module */
import type { FunctionVariables, Progress } from '../../function/definition.ts'
import type { SourceObject } from '../../function/source.ts'
import type { AttemptSource } from '../source/object.ts'
import type { Late } from './late.ts'
import type { Handling } from './parts.ts'

export class AttemptVariables implements FunctionVariables<unknown> {
  readonly event: SourceObject
  readonly options: unknown
  readonly #of: Handling
  readonly #source: Late<AttemptSource>

  constructor(handling: Handling, source: Late<AttemptSource>) {
    this.event = handling.event
    this.options = handling.options
    this.#of = handling
    this.#source = source
  }

  get run() {
    const { runId, attempts, epoch } = this.#of.attempt.claim
    return { id: runId, attempt: attempts + 1, epoch }
  }
  get source() {
    return this.#source.get()
  }
  get output() {
    return this.#of.output.get()
  }
  get signal() {
    return this.#of.attempt.signal
  }
  /** Works without `this`: handlers take it out of `c.var`. */
  get progress() {
    const { attempt } = this.#of
    return (progress: Progress) => {
      attempt.active()
      attempt.progress = progress
    }
  }
  get log() {
    return this.#of.log
  }
  get scratch() {
    return this.#of.scratch()
  }
}
