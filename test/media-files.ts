/** The test files that run FFmpeg, whose result therefore depends on the build; recognized by their imports. @module */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Contract tests look for every build by themselves, and the long ones are about other things. */
const FOLDERS = ['integration', 'fault', 'e2e'] as const

const IMPORTS =
  /from '[./]+\/(helpers\/(clips|video|ffmpeg-builds|hostile-media|disguises)|functions\/([\w-]+\/)*[\w-]+)\.ts'/

/** As Vitest takes them: the files, and the folder of unit tests about the functions. */
export async function mediaFiles(rootDir: string): Promise<readonly string[]> {
  const found: string[] = ['test/unit/functions/']
  for (const folder of FOLDERS) {
    const entries = await readdir(join(rootDir, 'test', folder), { recursive: true })
    for (const entry of entries.filter((name) => name.endsWith('.test.ts'))) {
      const path = join('test', folder, entry)
      if (usesFfmpeg(await readFile(join(rootDir, path), 'utf8'))) found.push(path)
    }
  }
  return found.toSorted()
}

export function usesFfmpeg(text: string): boolean {
  return IMPORTS.test(text)
}
