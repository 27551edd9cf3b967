/** Damaged copies of media files; whole ones are made by clips.ts. @module */
import { open, stat } from 'node:fs/promises'

/** Writes the first part of a file, as an upload that was cut off leaves it. @param share - above 0, below 1 */
export async function truncatedCopy(sourcePath: string, path: string, share: number): Promise<string> {
  const bytes = Math.floor((await stat(sourcePath)).size * share)
  const source = await open(sourcePath)
  const target = await open(path, 'w')
  try {
    const { buffer } = await source.read(Buffer.alloc(bytes), 0, bytes, 0)
    await target.writeFile(buffer)
  } finally {
    await Promise.all([source.close(), target.close()])
  }
  return path
}
