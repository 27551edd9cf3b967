/** Programs on a search path such as `PATH`. @module */
import { access, constants, stat } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

/** Every executable file of this name, in the order of the path. */
export async function findAllOnPath(name: string, path = process.env['PATH'] ?? ''): Promise<string[]> {
  const found: string[] = []
  for (const folder of path.split(delimiter).filter(Boolean)) {
    const file = join(folder, name)
    if (await isExecutable(file)) found.push(file)
  }
  return found
}

export async function findOnPath(name: string, path?: string): Promise<string | undefined> {
  return (await findAllOnPath(name, path))[0]
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK)
    return (await stat(file)).isFile()
  } catch {
    return false
  }
}
