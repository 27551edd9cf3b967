/**
 * Time limits of the local stack for steps that normally take a moment. Long limits cost nothing if all is well; on a machine
 * with twenty times more work than cores, a step of a second takes a minute.
 * @module
 */
import { MINUTE_MS, SECOND_MS } from '../../runtime/time.ts'

/** For a program that only prints its version, or answers one question. */
export const PATIENCE_MS = 5 * MINUTE_MS
/** For a server to load its data and answer. */
export const SERVER_PATIENCE_MS = 15 * MINUTE_MS
/** For one request to a server that is loading: afterwards the request is repeated. */
export const REQUEST_PATIENCE_MS = 30 * SECOND_MS
/** For a server to write its data, from SIGTERM to SIGKILL. */
export const STOP_PATIENCE_MS = MINUTE_MS
/** The interval between progress messages about a step that takes long. */
export const TELL_EVERY_MS = 15 * SECOND_MS
