/** A search path on which some programs cannot be found, even if they share a folder with others. @module */
import { mkdir, readdir, symlink } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

/**
 * `path`, where each folder that has one of `names` is replaced by a folder of links to all the others in it.
 *
 * @param target - a folder for those folders
 */
export async function pathWithout(names: readonly string[], path: string, target: string): Promise<string> {
  const folders: string[] = []
  for (const [index, folder] of path.split(delimiter).filter(Boolean).entries()) {
    const entries = await readdir(folder).catch(() => [])
    if (!entries.some((name) => names.includes(name))) {
      folders.push(folder)
      continue
    }
    const linked = join(target, String(index))
    await mkdir(linked)
    for (const name of entries.filter((entry) => !names.includes(entry)))
      await symlink(join(folder, name), join(linked, name))
    folders.push(linked)
  }
  return folders.join(delimiter)
}
