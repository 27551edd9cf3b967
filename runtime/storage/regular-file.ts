/**
 * Opens files that a function made, without following links. Tools that read untrusted files write into folders of their own: a
 * symbolic link planted there would publish any file that we may read, and a pipe would block for ever.
 * @module
 */
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { PermanentError } from '../errors.ts'

/** @throws {PermanentError} when `path` is not a regular file. A link is not followed. */
export async function openRegularFile(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: NodeJS.ErrnoException) => {
      throw error.code === 'ELOOP' ? notRegular(path) : error
    },
  )
  if ((await file.stat()).isFile()) return file
  await file.close()
  throw notRegular(path)
}

function notRegular(path: string): PermanentError {
  return new PermanentError(
    `${JSON.stringify(path)} is a link, a folder, a pipe or a device: pass the file itself`,
  )
}
