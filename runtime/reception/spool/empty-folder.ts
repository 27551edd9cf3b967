/** Folders of streams that have no session on this disk any more. @module */
import { rmdir } from 'node:fs/promises'

/** Removes the folder unless there is something in it: another process may have just begun a session there. */
export async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR'].includes(code)) throw error
  }
}
