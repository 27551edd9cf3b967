/** Measures the duration of storage calls. A `get` counts until its body starts; a listing is several calls and not measured. @module */
import type { Histogram } from 'prom-client'
import type { StorageOperation } from '../telemetry/metrics.ts'
import type { Storage } from './storage.ts'

export function observeStorage(storage: Storage, seconds: Histogram<'operation' | 'outcome'>): Storage {
  function timed<A extends readonly unknown[], R>(
    operation: StorageOperation,
    call: (...args: A) => Promise<R>,
  ) {
    return async (...args: A): Promise<R> => {
      const end = seconds.startTimer({ operation })
      try {
        const result = await call(...args)
        end({ outcome: 'ok' })
        return result
      } catch (error) {
        end({ outcome: 'error' })
        throw error
      }
    }
  }
  return {
    ...storage,
    head: timed('head', (...args) => storage.head(...args)),
    headWithBytes: timed('get', (...args) => storage.headWithBytes(...args)),
    get: timed('get', (...args) => storage.get(...args)),
    pour: timed('get', (...args) => storage.pour(...args)),
    readText: timed('readText', (...args) => storage.readText(...args)),
    put: timed('put', (...args) => storage.put(...args)),
    putSigned: timed('putSigned', (...args) => storage.putSigned(...args)),
    remove: timed('remove', (...args) => storage.remove(...args)),
  }
}
