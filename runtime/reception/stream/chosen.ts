/** The settings that hold for one stream: its own options come before those of the receiver. Pure. @module */
import type { StreamOptions } from '../connection.ts'
import type { StreamContext } from '../context.ts'

export type Chosen = Pick<StreamContext['settings'], 'pieceSeconds' | 'sessionMs' | 'reconnectMs' | 'join'>

export function chosenFor(settings: StreamContext['settings'], options: StreamOptions): Chosen {
  const { pieceSeconds, sessionMs, reconnectMs, join = settings.join } = options
  return {
    pieceSeconds: pieceSeconds ?? settings.pieceSeconds,
    sessionMs: sessionMs ?? settings.sessionMs,
    reconnectMs: reconnectMs ?? settings.reconnectMs,
    join: join === 'off' ? undefined : join,
  }
}
