/** How a handler reads its input: exactly the version of the run, never "the latest". @module */
import type { Readable } from 'node:stream'

export interface Source {
  /** The whole object on disk; the path has a fixed name in the scratch folder, whatever the key. */
  file(): Promise<string>
  /** The bytes as they come. Consume or destroy it. */
  stream(): Promise<Readable>
}
