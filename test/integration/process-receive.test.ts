/** A machine that only receives: its processes, its account, its drain. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { request, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { freePort } from '../../infra/local/settings/ports.ts'
import { killMains, startMain, type MainProcess } from '../helpers/main-process.ts'
import { arrivedPictures, sessionsOf } from '../helpers/streams/arrived.ts'
import { comparePictures } from '../helpers/streams/pictures.ts'
import { useReceiver } from '../helpers/streams/receiver.ts'
import { waitFor } from '../helpers/wait.ts'

// The next receiver may take its time to start on a busy machine.
const used = useReceiver({ SLUICE_STREAMS_RECONNECT: '5m' })
afterEach(killMains)

async function startReceiver(...words: string[]): Promise<MainProcess & { readonly port: number }> {
  const port = await freePort()
  const given = Object.entries(used.stack.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  )
  const main = startMain(['start', ...words], {
    ...Object.fromEntries(given),
    // The account of the role is all that it needs.
    MINIO_ACCESS_KEY: '',
    MINIO_SECRET_KEY: '',
    SLUICE_ROLES: 'streams',
    SLUICE_STREAMS_PORT: String(port),
    SLUICE_RTMP_PORT: '0',
    SLUICE_STREAMS_SPOOL_DIR: join(used.stack.dir, 'other-spool'),
    SLUICE_SCRATCH_DIR: join(used.stack.dir, 'other-scratch'),
  })
  let end: number | NodeJS.Signals | undefined
  void main.ended.then((how) => {
    end = how
  })
  const isReady = async () =>
    end !== undefined || (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.ok
  await waitFor(isReady, { timeoutMs: 100_000, what: 'a receiver' }).catch((cause: Error) => {
    throw new Error(`${cause.message}; it said: ${main.output()}`, { cause })
  })
  // Without a supervisor nobody starts it again, such as when another program has taken its port meanwhile.
  if (end !== undefined) throw new Error(`the receiver ended with ${end}; it said: ${main.output()}`)
  return { ...main, port }
}

/** The first half of the film, or the second. */
async function halfOf(which: 0 | 1): Promise<Buffer> {
  const film = await readFile(used.film.path)
  const middle = Math.floor(film.length / 2 / 188) * 188
  return which === 0 ? film.subarray(0, middle) : film.subarray(middle)
}

function put(port: number, name: string) {
  const headers = { authorization: `Bearer ${used.secret}` }
  const sent = request(`http://127.0.0.1:${port}/v1/streams/${name}`, { method: 'PUT', headers })
  sent.on('error', () => undefined)
  const answer = once(sent, 'response') as Promise<[IncomingMessage]>
  answer.catch(() => undefined)
  return { sent, answer }
}

it.each([{ words: [] }, { words: ['--one-process'] }])(
  'serves its own metrics, cuts its senders at SIGTERM, and another one continues the session: start $words',
  async ({ words }) => {
    const name = `drained${words.length}`
    const first = await startReceiver(...words)
    const metrics = await (await fetch(`http://127.0.0.1:${first.port}/metrics`)).text()
    expect(metrics).toMatch(/^sluice_stream_spool_limit_bytes 2147483648$/m)

    const half = put(first.port, name)
    half.sent.write(await halfOf(0))
    await waitFor(async () => (await used.keysOf(name)).length >= 2, {
      timeoutMs: 60_000,
      what: 'two pieces',
    })
    first.child.kill('SIGTERM')
    const [cut] = await half.answer
    expect(cut.statusCode).toBe(503)
    expect(cut.headers['retry-after']).toBeDefined()
    cut.resume()
    half.sent.destroy()
    expect(await first.ended).toBe(0)
    expect(await used.store.read(name)).toMatchObject({ state: 'waiting' })

    const second = await startReceiver(...words)
    const rest = put(second.port, name)
    rest.sent.end(await halfOf(1))
    const [done] = await rest.answer
    expect(done.statusCode).toBe(201)
    done.resume()
    second.child.kill('SIGTERM')
    expect(await second.ended).toBe(0)

    const { storage } = used.stack
    expect(await sessionsOf(storage, name)).toHaveLength(1)
    const compared = comparePictures(used.film.pictures, await arrivedPictures(storage, name))
    // The halves are cut between two packets: a few pictures about there cannot be decoded.
    expect(compared).toMatchObject({ span: { from: 0, to: used.film.pictures.length - 1 }, doubled: [] })
    expect(compared.lost.length).toBeLessThanOrEqual(2)
  },
)

it('does not start without its account', async () => {
  const base = { SLUICE_ROLES: 'streams', SLUICE_SCRATCH_DIR: join(used.stack.dir, 'other-scratch') }
  const lacking = startMain(['start'], {
    ...base,
    MINIO_STREAMS_ACCESS_KEY: '',
    MINIO_STREAMS_SECRET_KEY: '',
  })
  expect(await lacking.ended).toBe(2)
  expect(lacking.output()).toMatch(
    /MINIO_STREAMS_ACCESS_KEY and MINIO_STREAMS_SECRET_KEY: the account of the role/,
  )
})
