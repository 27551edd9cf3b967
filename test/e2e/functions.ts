/** Small functions with one behaviour each; an upload chooses by its folder. Loaded through SLUICE_FUNCTIONS_FILE. @module */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { z } from 'zod'
import { defineFunction, PermanentError, RetryLaterError, tellToolLine } from '../../runtime/index.ts'
import { sleep } from '../../runtime/time.ts'

const on = (folder: string) => ({ bucket: 'incoming', match: [`${folder}/**`] })
const retry = { attempts: 3, first: '50ms', max: '200ms' }

/** Writes what it read, and shows it under a stable name. */
export const echo = defineFunction(
  { name: 'echo', version: '1', on: on('echo'), retry, concurrency: 4 },
  async (c) => {
    const { source, output, event, run } = c.var
    const body = await text(await source.stream())
    await output.json(
      { body, attempt: run.attempt, key: event.key },
      { name: 'echo.json', role: 'echo', pointer: 'echo.json' },
    )
    return c.json({ length: body.length })
  },
)

/** Fails twice, each time after it has written a file; then succeeds. */
const flaky = defineFunction({ name: 'flaky', version: '1', on: on('flaky'), retry }, async (c) => {
  const { output, run } = c.var
  await output.json({ attempt: run.attempt }, { name: 'part.json', role: 'part' })
  if (run.attempt < 3) throw new Error(`not yet: attempt ${run.attempt}`)
  return c.json({ attempt: run.attempt })
})

/** Answers with the status that the object's text names, or throws what it says. */
const answer = defineFunction({ name: 'answer', version: '1', on: on('answer'), retry }, async (c) => {
  const word = await text(await c.var.source.stream())
  if (word === 'permanent') throw new PermanentError('there is nothing to be done')
  if (word === 'later' && c.var.run.attempt === 1) throw new RetryLaterError(10)
  return c.body(`said ${word}`, Number(word) as 200)
})

/** Waits for the end of its signal, or, when told so, does not even notice it. */
const stuck = defineFunction(
  {
    name: 'stuck',
    version: '1',
    on: on('stuck'),
    retry: { attempts: 1 },
    timeout: '2s',
    stallTimeout: '700ms',
    concurrency: 4,
  },
  async (c) => {
    const { source, signal, progress } = c.var
    const word = await text(await source.stream())
    // An answer whose body never comes.
    if (word === 'body') return c.body(new ReadableStream())
    while (!signal.aborted) {
      if (word === 'busy') progress({ percent: 50 })
      await sleep(50, signal)
    }
    signal.throwIfAborted()
    return c.json({})
  },
)

/** Takes its worker down, with whatever else goes on there. */
const crash = defineFunction({ name: 'crash', version: '1', on: on('crash'), retry }, () => {
  process.exit(7)
})

/** Writes `files` files, one at a time, and takes `pauseMs` for each. */
const slow = defineFunction(
  {
    name: 'slow',
    version: '1',
    on: on('slow'),
    retry,
    concurrency: 2,
    options: z.object({
      files: z.coerce.number().int().min(1).default(5),
      pausems: z.coerce.number().min(0).default(300),
    }),
  },
  async (c) => {
    const { options, output, scratch, signal, progress } = c.var
    for (let index = 0; index < options.files; index++) {
      const path = join(scratch, `${index}.txt`)
      await writeFile(path, `part ${index}`)
      await output.upload({ path, name: `part-${index}.txt`, role: 'part', contentType: 'text/plain' })
      progress({ percent: (100 * (index + 1)) / options.files })
      tellToolLine(signal, `wrote part ${index}`)
      await sleep(options.pausems, signal)
      signal.throwIfAborted()
    }
    return c.json({ files: options.files })
  },
)

/** Runs a program as anybody would: one that works for longer than a silence may last, or fails behind its banner. */
const tool = defineFunction(
  { name: 'tool', version: '1', on: on('tool'), retry: { attempts: 1 }, stallTimeout: '2s' },
  async (c) => {
    const script = await text(await c.var.source.stream())
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { signal: c.var.signal })
    return c.json({ stdout })
  },
)

export const functions = [echo, flaky, answer, stuck, crash, slow, tool]
