/** Lists of functions as users write them, for processes that load one. @module */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * A list with the one function `echo`; its path.
 *
 * @param folder - three folders deep in the project, so that the list finds the runtime as a user's would
 */
export async function writeFunctionList(
  folder: string,
  name: string,
  lines = '',
  definition = '',
): Promise<string> {
  const file = join(folder, `${name}.ts`)
  await writeFile(
    file,
    `import { defineFunction } from '../../../runtime/index.ts'
${lines}
export const functions = [
  defineFunction({ name: 'echo', version: '1', on: { bucket: 'incoming' }${definition} }, (c) => c.json({})),
]`,
  )
  return file
}
