/**
 * Notices when the object store has been away: uploads of that time, and of the first moments after it, may never be announced.
 * It uses a connection of its own once a second, so that a restart between two checks is also noticed: it breaks the connection.
 * @module
 */
import { Agent, request as httpRequest } from 'node:http'
import { Agent as TlsAgent, request as httpsRequest } from 'node:https'
import { SECOND_MS } from '../../time.ts'

const PATIENCE_MS = 2 * SECOND_MS

export interface StoreWatch {
  /** Never throws. */
  check(): Promise<void>
  close(): void
}

/** @param onBack - called when the store answers again, or has been restarted, since the last check */
export function watchStore(endpoint: string, onBack: () => void): StoreWatch {
  const url = new URL('/minio/health/live', endpoint)
  const isTls = url.protocol === 'https:'
  const [ask, agent] = isTls
    ? [httpsRequest, new TlsAgent({ keepAlive: true, maxSockets: 1 })]
    : [httpRequest, new Agent({ keepAlive: true, maxSockets: 1 })]
  let wasSeen = false
  let isAway = false

  /** Whether it answers, and whether on the connection of the last check. */
  function knock(): Promise<{ readonly isThere: boolean; readonly isSame: boolean }> {
    return new Promise((resolve) => {
      const asked = ask(url, { method: 'HEAD', agent, timeout: PATIENCE_MS }, (response) => {
        response.resume()
        response.once('close', () =>
          // Other stores do not know the path: any answer will do.
          resolve({ isThere: (response.statusCode ?? 500) < 500, isSame: asked.reusedSocket }),
        )
      })
      asked.once('timeout', () => asked.destroy(new Error('no answer')))
      asked.once('error', () => resolve({ isThere: false, isSame: false }))
      asked.end()
    })
  }

  return {
    async check() {
      const { isThere, isSame } = await knock()
      if (!isThere) {
        isAway = true
        return
      }
      if (isAway || (wasSeen && !isSame)) onBack()
      isAway = false
      wasSeen = true
    },
    close: () => agent.destroy(),
  }
}
