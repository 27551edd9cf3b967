/** All doors of a receiver. @module */
import type { StreamStore } from '../../queue/streams.ts'
import type { DoorParts, OpenDoor } from './door.ts'
import { openHttpDoor, type HttpDoorParts } from './http.ts'

export interface DoorsParts extends Omit<HttpDoorParts, 'checkKey'> {
  readonly store: StreamStore
}

export interface OpenDoors {
  /** Their ports; undefined for a door that is off. */
  readonly ports: { readonly http: number; readonly rtmp: number | undefined }
  /** Refuses new senders, and starts no more pulls. */
  close(): Promise<void>
  /** Ends connections that are left, such as those of health checks. */
  closeAll(): void
}

/**
 * @throws {ConfigError} when settings name what this machine can never do; Error when a later start may find the ports free
 */
export async function openDoors(all: DoorsParts): Promise<OpenDoors> {
  const { store } = all
  const parts: HttpDoorParts & DoorParts = {
    ...all,
    checkKey: (name, secret) => store.checkKey(name, secret),
  }
  const open: OpenDoor[] = []
  const http = await openHttpDoor(parts)
  open.push(http)
  return {
    ports: { http: http.port, rtmp: undefined },
    async close() {
      await Promise.all(open.map((door) => door.close()))
    },
    closeAll() {
      for (const door of open) door.closeAll()
    },
  }
}
