/** Functions that keep files in their scratch folder. @module */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defineFunction } from '../../runtime/index.ts'

const MIB = 1024 * 1024

/** Writes three MiB on its disk, a part at a time, and then hands them over. */
const hoard = defineFunction(
  {
    name: 'hoard',
    version: '1',
    on: { bucket: 'incoming', match: ['hoard/**'] },
    retry: { attempts: 1_000, first: '20ms', max: '50ms' },
    concurrency: 1,
  },
  async (c) => {
    const { output, scratch } = c.var
    for (let index = 0; index < 3; index++)
      await writeFile(join(scratch, `${index}.bin`), Buffer.alloc(MIB, index))
    for (let index = 0; index < 3; index++) {
      const path = join(scratch, `${index}.bin`)
      await output.upload({
        path,
        name: `${index}.bin`,
        role: 'part',
        contentType: 'application/octet-stream',
      })
    }
    return c.json({ files: 3 })
  },
)

export const functions = [hoard]
