import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMc } from '../../infra/local/programs/mc.ts'
import {
  metricsToken,
  MINIO_ACCOUNTS,
  restartsFor,
  type SecretName,
  SECRETS,
} from '../../runtime/setup/secrets/plan.ts'
import { createStorage } from '../../runtime/storage/client.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import { type ComposeStack, startComposeStack } from '../helpers/compose-stack.ts'
import { listed } from '../helpers/listed.ts'
import { requireProgram } from '../helpers/servers.ts'
import { waitFor } from '../helpers/wait.ts'

const ACCOUNTS = ['root', 'runtime', 'uploader', 'metrics', 'streams'] as const
type Account = (typeof ACCOUNTS)[number]
const REFUSED = /^(AccessDenied|SignatureDoesNotMatch)$/

describe('the accounts of MinIO and the tokens of the API', { timeout: 120_000 }, () => {
  let stack: ComposeStack
  beforeAll(async () => {
    stack = await startComposeStack()
  }, 240_000)
  afterAll(async () => {
    await stack?.stop()
  })

  async function as<T>(
    account: Account,
    work: (storage: Storage) => Promise<T>,
    secret = of(account),
  ): Promise<T> {
    const credentials = { accessKey: MINIO_ACCOUNTS[account], secretKey: secret }
    const storage = createStorage({ endpoint: stack.endpoint, region: 'us-east-1', credentials })
    try {
      return await work(storage)
    } finally {
      storage.close()
    }
  }
  const of = (account: Account) => stack.secret(`minio-${account}`)
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => 'allowed',
      (error: { code?: string }) => error.code ?? 'failed',
    )
  const statusOf = async (url: string, token?: string, method = 'GET') => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const response = await fetch(url, { method, headers })
    await response.body?.cancel()
    return response.status
  }
  const metricsUrl = () => `${stack.endpoint}/minio/v2/metrics/cluster`
  const body = { bytes: Buffer.from('no video') }
  const plain = { contentType: 'text/plain' }

  it('open only with their own secret', async () => {
    const opened: string[] = []
    for (const other of SECRETS) {
      for (const account of ['root', 'runtime', 'uploader', 'streams'] as const) {
        const list = (storage: Storage) => listed(storage.list('processed', { prefix: 'streams/' }))
        const code = await codeOf(as(account, list, stack.secret(other)))
        if (code !== 'SignatureDoesNotMatch') opened.push(`${account} by ${other}: ${code}`)
      }
      const token = metricsToken({ accessKey: MINIO_ACCOUNTS.metrics, secretKey: stack.secret(other) })
      if ((await statusOf(metricsUrl(), token)) !== 403) opened.push(`metrics by ${other}`)
    }
    expect(opened).toEqual([
      'root by minio-root: allowed',
      'runtime by minio-runtime: allowed',
      'uploader by minio-uploader: allowed',
      'metrics by minio-metrics',
      'streams by minio-streams: allowed',
    ])
  })

  it('give Prometheus the metrics of MinIO and no stored data', async () => {
    const token = stack.secret('minio_metrics_token')
    expect(await statusOf(metricsUrl(), token)).toBe(200)
    expect(await statusOf(metricsUrl())).toBe(403)
    expect(await statusOf(metricsUrl(), `${token.slice(0, -4)}AAAA`)).toBe(403)
    for (const bucket of ['incoming', 'processed', 'metadata', 'temporary']) {
      expect(await codeOf(as('metrics', (storage) => listed(storage.list(bucket))))).toMatch(REFUSED)
      expect(await codeOf(as('metrics', (storage) => storage.put(bucket, 'x', body, plain)))).toMatch(REFUSED)
    }
  })

  it('let only root administer MinIO', async () => {
    const mc = createMc(await requireProgram('mc'), join(stack.dir, 'mc'))
    const answers: string[] = []
    for (const account of ACCOUNTS) {
      await mc.setAlias(account, stack.endpoint, {
        accessKey: MINIO_ACCOUNTS[account],
        secretKey: of(account),
      })
      for (const words of [
        ['user', 'list'],
        ['config', 'get'],
        ['service', 'restart'],
        ['policy', 'list'],
      ] as const) {
        if (account === 'root' && words[0] === 'service') continue
        const rest = words[0] === 'config' ? ['api'] : words[0] === 'service' ? ['--json'] : []
        const isDone = await mc.run('admin', ...words, account, ...rest).then(
          () => true,
          () => false,
        )
        if (isDone) answers.push(`${account} ${words.join(' ')}`)
      }
    }
    expect(answers).toEqual(['root user list', 'root config get', 'root policy list'])
  })

  it('are distinguished by the API: a reader only reads, and no other secret opens it', async () => {
    const runs = `${stack.apiUrl}/v1/runs`
    const pause = `${stack.apiUrl}/v1/functions/chunk/pause`
    expect(await statusOf(runs)).toBe(401)
    expect(await statusOf(pause, stack.secret('token-reader'), 'POST')).toBe(403)
    const openers: SecretName[] = []
    for (const name of SECRETS) if ((await statusOf(runs, stack.secret(name))) === 200) openers.push(name)
    expect(openers).toEqual(['token-reader', 'token-operator', 'token-admin'])
  })

  it('are rotated one by one, as `sluice secrets --rotate` instructs: the old ones open nothing, and no upload is lost', async () => {
    const changed = [
      'redis-runtime',
      'redis-minio',
      'minio-root',
      'minio-runtime',
      'minio-uploader',
      'minio-metrics',
      'token-admin',
    ] as const
    const old = Object.fromEntries(changed.map((name) => [name, stack.secret(name)]))
    const oldToken = stack.secret('minio_metrics_token')
    await stack.rotate(...changed)
    expect(restartsFor(changed)).toEqual([
      'docker compose up -d --no-deps --force-recreate redis minio',
      'docker compose run --rm setup',
      'docker compose up -d --no-deps --force-recreate runtime receiver prometheus',
    ])
    // Uploaded when only the files are new: the programs still use their old secrets.
    await as(
      'uploader',
      (storage) => storage.put('incoming', 'meanwhile.mp4', body, plain),
      old['minio-uploader'],
    )
    for (const server of [stack.redis, stack.minio]) {
      await server.stop()
      await server.start()
    }
    await stack.setUp()
    await stack.runtime.stop()
    await stack.runtime.start()

    for (const account of ['root', 'runtime', 'uploader'] as const)
      expect(
        await codeOf(as(account, (storage) => listed(storage.list('processed')), old[`minio-${account}`])),
      ).toBe('SignatureDoesNotMatch')
    expect(await statusOf(metricsUrl(), oldToken)).toBe(403)
    expect(await statusOf(metricsUrl(), stack.secret('minio_metrics_token'))).toBe(200)
    for (const user of ['runtime', 'minio'] as const) {
      const redis = stack.connect(user, old[`redis-${user}`])
      await expect(redis.ping()).rejects.toThrow(/WRONGPASS|closed/)
      redis.disconnect()
    }
    const token = stack.secret('token-admin')
    expect(await statusOf(`${stack.apiUrl}/v1/runs`, old['token-admin'])).toBe(401)
    await as('uploader', (storage) => storage.put('incoming', 'afterwards.mp4', body, plain))
    await waitFor(
      async () => {
        const response = await fetch(`${stack.apiUrl}/v1/runs`, {
          headers: { authorization: `Bearer ${token}` },
        })
        const { items } = (await response.json()) as { items: { status: string; object: { key: string } }[] }
        const ended = items.filter(({ status }) => status === 'dead').map(({ object }) => object.key)
        return ['meanwhile.mp4', 'afterwards.mp4'].every(
          (key) => ended.filter((one) => one === key).length === 2,
        )
      },
      { what: 'the end of both uploads, by both functions', timeoutMs: 60_000 },
    )
  })
})
