/** What a function may rely on, with the real runtime around small functions. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { useStack } from '../helpers/runs.ts'
import { waitFor } from '../helpers/wait.ts'

const used = useStack({})

const metric = async (line: string): Promise<number> => {
  const text = await (await fetch(`${used.stack.apiUrl}/metrics`)).text()
  return Number(
    text
      .split('\n')
      .find((each) => each.startsWith(`${line} `))
      ?.split(' ')[1],
  )
}

describe('a successful run', () => {
  it('ends in one manifest, a pointer that shows the newest result, and nothing else', async () => {
    await used.runs.put('echo/one.txt', 'hello')
    const run = await used.runs.reached('echo/one.txt', 'succeeded')
    expect(run).toMatchObject({ result: '{"length":5}', attempts: 0, trigger: 'upload' })
    await used.runs.assertWhole('echo', 'echo/one.txt')
    const pointer = await used.stack.storage.readText('processed', 'echo/one.txt/echo/echo.json')
    expect(JSON.parse(pointer?.text ?? '')).toEqual({ body: 'hello', attempt: 1, key: 'echo/one.txt' })
  })

  it('counts the second copy of its event apart from duplicates', async () => {
    await waitFor(async () => (await used.runs.of('echo/one.txt'))[0]?.copies === 2, {
      timeoutMs: 10_000,
      what: 'the second copy',
    })
    expect((await used.runs.of('echo/one.txt'))[0]).toMatchObject({ copies: 2, dups: 0 })
    expect(await metric('sluice_admissions_total{function="echo",outcome="copy"}')).toBe(1)
    expect(await metric('sluice_admissions_total{function="echo",outcome="duplicate"}')).toBe(0)
  })

  it('replaces the result when the key is uploaded again, and the pointer follows', async () => {
    await used.runs.put('echo/one.txt', 'hello again')
    const second = await waitFor(
      async () => {
        const all = await used.runs.of('echo/one.txt')
        return all.length === 2 && all[1]?.state === 'succeeded' && all[1]
      },
      { timeoutMs: 20_000, what: 'the second run' },
    )
    expect((await used.runs.manifest('echo', 'echo/one.txt'))?.run).toBe(second.runId)
    const pointer = await used.stack.storage.readText('processed', 'echo/one.txt/echo/echo.json')
    expect(JSON.parse(pointer?.text ?? '')).toMatchObject({ body: 'hello again' })
  })

  it('works for keys of any kind', async () => {
    const keys = [
      'echo/a b+c%20d#e?f&g.txt',
      'echo/"quotes" \'and\' <angles>.txt',
      'echo/emoji 🎬 ünï.txt',
      'echo/line\nbreak.txt',
      'echo/0123',
      `echo/${'x'.repeat(250)}/${'y'.repeat(250)}/${'z'.repeat(250)}/${'w'.repeat(150)}`,
    ]
    for (const key of keys) await used.runs.put(key, key)
    for (const key of keys) {
      await used.runs.reached(key, 'succeeded')
      expect((await used.runs.manifest('echo', key))?.source.key).toBe(key)
      await used.runs.assertWhole('echo', key)
    }
  })
})

describe('a failing run', () => {
  it('is tried again until it succeeds, and leaves no file of the attempts that failed', async () => {
    await used.runs.put('flaky/a.txt', 'x')
    expect(await used.runs.reached('flaky/a.txt', 'succeeded')).toMatchObject({
      attempts: 2,
      result: '{"attempt":3}',
    })
    expect(await used.runs.assertWhole('flaky', 'flaky/a.txt')).toHaveLength(1)
  })

  it.each([
    { word: '422', attempts: 1, reason: /answered 422: said 422/ },
    { word: '503', attempts: 3, reason: /answered 503: said 503/ },
    { word: '404', attempts: 3, reason: /answered 404/ },
    { word: 'permanent', attempts: 1, reason: /there is nothing to be done/ },
  ])(
    'that says $word is dead after $attempts, with a verdict that says why',
    async ({ word, attempts, reason }) => {
      const key = `answer/${word}.txt`
      await used.runs.put(key, word)
      expect(await used.runs.reached(key, 'dead')).toMatchObject({ attempts })
      const verdict = await waitFor(() => used.runs.verdict('answer', key), {
        timeoutMs: 10_000,
        what: 'the verdict',
      })
      expect(verdict).toMatchObject({ state: 'dead', attempts, function: 'answer', source: { key } })
      expect(verdict.reason).toMatch(reason)
      expect(await used.runs.manifest('answer', key)).toBeUndefined()
    },
  )

  it('that asks to be tried later is', async () => {
    await used.runs.put('answer/later.txt', 'later')
    // The second attempt answers with no number, which is no status.
    expect(await used.runs.reached('answer/later.txt', 'dead')).toMatchObject({ attempts: 3 })
  })

  it('is ended by the stall timeout when nothing moves, by the timeout when it only pretends', async () => {
    await used.runs.put('stuck/body.txt', 'body')
    await used.runs.put('stuck/silent.txt', 'silent')
    await used.runs.put('stuck/busy.txt', 'busy')
    expect((await used.runs.reached('stuck/silent.txt', 'dead')).error).toMatch(/nothing moved for 0.7 s/)
    expect((await used.runs.reached('stuck/body.txt', 'dead')).error).toMatch(/nothing moved for 0.7 s/)
    expect((await used.runs.reached('stuck/busy.txt', 'dead')).error).toMatch(/longer than 2 s/)
    await waitFor(
      async () =>
        (await metric('sluice_function_invocations_total{function="stuck",status="timeout"}')) === 1,
      { timeoutMs: 10_000, what: 'the timeout in the metrics' },
    )
  })

  it('whose handler ends the process is tried alone and given up; its neighbours finish', async () => {
    await used.runs.put('slow/neighbour.txt', 'x')
    await used.runs.put('crash/a.txt', 'x')
    expect(await used.runs.reached('crash/a.txt', 'dead', 90_000)).toMatchObject({
      reason: 'crash-loop',
      crashes: 3,
      attempts: 0,
    })
    expect(await used.runs.reached('slow/neighbour.txt', 'succeeded', 60_000)).toMatchObject({ crashes: 0 })
    // It may have been at work when the process ended: what it had written by then is the janitor's.
    await used.runs.assertThere('slow', 'slow/neighbour.txt')
    const verdict = await waitFor(() => used.runs.verdict('crash', 'crash/a.txt'), {
      timeoutMs: 10_000,
      what: 'the verdict',
    })
    expect(verdict.reason).toMatch(/took its worker down 3 times/)
  }, 150_000)
})

describe('a handler that runs a program', () => {
  it.runIf(process.platform === 'linux')('is not stalled while the program works', async () => {
    // Three times as much processor time as a silence may last.
    const script = 'while (process.cpuUsage().user + process.cpuUsage().system < 6e6); console.log("done")'
    await used.runs.put('tool/works.txt', script)
    const run = await used.runs.reached('tool/works.txt', 'succeeded', 120_000)
    expect(run.result).toBe('{"stdout":"done\\n"}')
  })

  it('is stalled when the program does nothing', async () => {
    await used.runs.put('tool/waits.txt', 'setTimeout(() => {}, 600_000)')
    expect((await used.runs.reached('tool/waits.txt', 'dead')).error).toMatch(/nothing moved for 2 s/)
  })

  it('has the program’s last line as its reason, and the banner only among its lines', async () => {
    await used.runs.put('tool/fails.txt', 'console.error("banner 1.0\\nno such stream"); process.exit(3)')
    const run = await used.runs.reached('tool/fails.txt', 'dead')
    expect(run.error).toBe('node ended with exit code 3: no such stream')
    expect(run.lines?.split('\n')).toEqual(['banner 1.0', 'no such stream'])
  })
})

describe('options', () => {
  it('come from the object’s metadata; a bad one that can only be meant as one is a dead letter that names it and what is valid', async () => {
    const file = join(used.stack.dir, 'x.txt')
    await used.stack.storage.put('temporary', 'x', { bytes: Buffer.from('x') }, { contentType: 'text/plain' })
    await used.stack.mc.run('cp', 'root/temporary/x', file)
    await used.stack.mc.run('cp', '--attr', 'files=2;pausems=0', file, 'sluice/incoming/slow/two.txt')
    await used.stack.mc.run('cp', '--attr', 'sluice-files=none', file, 'sluice/incoming/slow/bad.txt')
    await used.runs.reached('slow/two.txt', 'succeeded')
    expect(await used.runs.assertWhole('slow', 'slow/two.txt')).toHaveLength(2)
    expect(await used.runs.reached('slow/bad.txt', 'dead')).toMatchObject({ attempts: 1 })
    expect((await used.runs.of('slow/bad.txt'))[0]?.error).toMatch(
      /option "files" .* is "none".*files: integer from 1/,
    )
  })
})

describe('names that are the runtime’s', () => {
  it('are refused with a verdict', async () => {
    await used.runs.put('echo/~mine/a.txt', 'x')
    expect((await used.runs.reached('echo/~mine/a.txt', 'dead')).error).toMatch(/starts with "~"/)
    await waitFor(() => used.runs.verdict('echo', 'echo/~mine/a.txt'), {
      timeoutMs: 10_000,
      what: 'the verdict',
    })
  })
})

describe('malformed notifications', () => {
  it('are set aside with their text, and the next one is processed', async () => {
    const { Redis } = await import('ioredis')
    const redis = new Redis(used.stack.redisUrl)
    await redis.rpush('{sluice}:in', '{', '""', '[{"Event":[{}]}]', Buffer.from([0xff, 0xfe]))
    await used.runs.put('echo/after.txt', 'x')
    await used.runs.reached('echo/after.txt', 'succeeded')
    expect(await redis.xlen('{sluice}:bad')).toBe(4)
    expect(await redis.llen('{sluice}:in')).toBe(0)
    redis.disconnect()
  })
})
