/**
 * The connections of the HTTP door that have no stream: clients that have sent no request yet, and requests that are being answered.
 * Anybody may open them, without a key, so each address may have so many and all together so many; where there is no room, the
 * connection that has been silent the longest makes it. So a new one that asks for something is served, a health check too. Pure.
 * @module
 */
import { isThisMachine } from '../../../settings/values.ts'
import { SECOND_MS } from '../../../time.ts'

export interface CrowdLimits {
  /** Of all addresses but those of this machine, which have a limit of their own: the health check comes from one. */
  readonly most: number
  readonly mostOfAddress: number
  /** A connection that has been silent for so long makes room for another one. */
  readonly patienceMs: number
}

const CROWD_LIMITS: CrowdLimits = { most: 64, mostOfAddress: 16, patienceMs: SECOND_MS }

export interface Guest {
  /** It has sent a request. */
  asks(): void
  /** Its request was answered. */
  rests(): void
  /** It is the sender of a stream, which has limits of its own. */
  sends(): void
  leave(): void
}

interface Place {
  readonly address: string
  readonly close: () => void
  isSilent: boolean
  sinceMs: number
}

export type Entry =
  /** `closed`: connections that were closed for it. */
  { readonly kind: 'inside'; readonly guest: Guest; readonly closed: number } | { readonly kind: 'full' }

export interface Crowd {
  /** @param close - called at most once, when it has to make room */
  enter(address: string, close: () => void): Entry
}

export function createCrowd(limits: CrowdLimits = CROWD_LIMITS, now = () => performance.now()): Crowd {
  /** In the order of their entry. */
  const places = new Set<Place>()

  /** False when none of those has been silent for long enough. */
  function makeRoom(among: readonly Place[]): boolean {
    const silent = among.filter(({ isSilent, sinceMs }) => isSilent && now() - sinceMs >= limits.patienceMs)
    const [first, ...others] = silent
    if (!first) return false
    const oldest = others.reduce((old, place) => (place.sinceMs < old.sinceMs ? place : old), first)
    places.delete(oldest)
    oldest.close()
    return true
  }

  return {
    enter(address, close) {
      const all = [...places]
      const own = all.filter((place) => place.address === address)
      const strangers = all.filter((place) => !isThisMachine(place.address))
      let closed = 0
      if (own.length >= limits.mostOfAddress) {
        if (!makeRoom(own)) return { kind: 'full' }
        closed = 1
      } else if (!isThisMachine(address) && strangers.length >= limits.most) {
        if (!makeRoom(strangers)) return { kind: 'full' }
        closed = 1
      }
      const place: Place = { address, close, isSilent: true, sinceMs: now() }
      places.add(place)
      const turn = (isSilent: boolean) => {
        place.isSilent = isSilent
        place.sinceMs = now()
      }
      const guest: Guest = {
        asks: () => turn(false),
        rests: () => turn(true),
        sends: () => void places.delete(place),
        leave: () => void places.delete(place),
      }
      return { kind: 'inside', guest, closed }
    },
  }
}
