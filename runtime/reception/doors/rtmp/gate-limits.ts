/** The limits of senders that have not given a key: each costs an FFmpeg. @module */
import { isThisMachine } from '../../../settings/values.ts'

const MOST = 8
/** So that one address cannot keep all others out; a few encoders may share the address of their network. */
const MOST_OF_ADDRESS = 4

export interface GateLimits {
  /** Undefined when there is no room; otherwise a function that makes room again, however often it is called. */
  enter(address: string): (() => void) | undefined
}

export function createGateLimits(most = MOST, mostOfAddress = MOST_OF_ADDRESS): GateLimits {
  const inside: string[] = []
  return {
    enter(address) {
      const own = inside.filter((each) => each === address).length
      // A proxy or a test on this machine has one address for many senders.
      const isFull = inside.length >= most || (own >= mostOfAddress && !isThisMachine(address))
      if (isFull) return undefined
      inside.push(address)
      let isInside = true
      return () => {
        if (isInside) inside.splice(inside.indexOf(address), 1)
        isInside = false
      }
    },
  }
}
