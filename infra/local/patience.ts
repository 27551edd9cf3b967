/**
 * How long the local stack waits for what normally takes a moment. Waiting costs nothing where all is well; on a machine
 * with twenty times more to do than it has cores for, what takes a second takes a minute.
 * @module
 */
import { MINUTE_MS, SECOND_MS } from '../../runtime/time.ts'

/** For a program that only says its version, or answers one question. */
export const PATIENCE_MS = 5 * MINUTE_MS
/** For a server to load its data and answer. */
export const SERVER_PATIENCE_MS = 15 * MINUTE_MS
/** For one request to a server that loads: then it is asked again. */
export const REQUEST_PATIENCE_MS = 30 * SECOND_MS
/** For a server to write what it holds, from SIGTERM to SIGKILL. */
export const STOP_PATIENCE_MS = MINUTE_MS
/** How often a person is told that something takes longer. */
export const TELL_EVERY_MS = 15 * SECOND_MS
