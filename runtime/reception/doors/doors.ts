/** All doors of a receiver. @module */
import type { StreamStore } from '../../queue/streams.ts'
import type { DoorParts, OpenDoor } from './door.ts'
import type { EarlyParts } from './early-take.ts'
import { openHttpDoor, type HttpDoorParts } from './http/http.ts'
import { openPendingFolders } from './pending.ts'
import { startPulls } from './pull/pulls.ts'
import { openRtmpDoor } from './rtmp/rtmp.ts'
import { openSrtDoors } from './srt.ts'

export interface DoorsParts extends Omit<HttpDoorParts, 'checkKey'> {
  readonly store: StreamStore
}

export interface OpenDoors {
  /** Refuses new senders, and starts no more pulls. */
  close(): Promise<void>
  /** Ends connections that are left, such as those of health checks. */
  closeAll(): Promise<void>
}

/**
 * @throws {ConfigError} when settings name what this machine can never do; Error when a later start may find the ports free
 */
export async function openDoors(all: DoorsParts): Promise<OpenDoors> {
  const { store, settings, media, log } = all
  const parts: HttpDoorParts & DoorParts = {
    ...all,
    checkKey: (name, secret) => store.checkKey(name, secret),
  }
  const abilities = await media.abilities()
  const pending = await openPendingFolders(settings.spoolDir, log)
  const early: EarlyParts = { ...parts, pending }
  const open: OpenDoor[] = []
  const closeAll = async () => {
    await Promise.all(open.map((door) => door.closeAll()))
    await pending.close()
  }
  try {
    open.push(await openHttpDoor(parts))
    if (settings.rtmpPort !== 0) open.push(await openRtmpDoor(early))
    open.push(...(await openSrtDoors(early, abilities)))
  } catch (error) {
    for (const door of open) await door.close()
    await closeAll()
    throw error
  }
  const pulls = startPulls({ ...early, store, abilities })
  return {
    async close() {
      await Promise.all([...open.map((door) => door.close()), pulls.close()])
    },
    closeAll,
  }
}
