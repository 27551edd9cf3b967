/** Buckets for the other side, the targets of MinIO that announce its uploads, and its account. @module */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestStack } from '../../helpers/stack.ts'

const LIST = 'peer'
const ACCOUNT = { user: 'bench-peer', password: 'bench-peer-secret' }
/** What its calls need, no more; ours is as narrow. */
const POLICY = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: ['s3:GetObject', 's3:GetObjectVersion'], Resource: ['arn:aws:s3:::peer/*'] },
    { Effect: 'Allow', Action: ['s3:PutObject'], Resource: ['arn:aws:s3:::peer-results/*'] },
  ],
}

export interface PeerBinding {
  /** By a target that keeps nothing on disk and by one with a queue folder, as ours are; and an account with a policy. */
  readonly isAnnouncedTwice: boolean
}

/** @returns the list in Redis where notifications arrive */
export async function bindPeer(stack: TestStack, { isAnnouncedTwice }: PeerBinding): Promise<string> {
  await bindTargets(stack, [
    { name: 'PEER' },
    ...(isAnnouncedTwice ? [{ name: 'PEERKEPT', isKept: true }] : []),
  ])
  const { mc } = stack
  await mc.run('mb', 'root/peer-results')
  await mc.run('version', 'enable', 'root/peer')
  await mc.run('version', 'enable', 'root/peer-results')
  return LIST
}

/** A bucket `peer` whose uploads are announced by these targets, into one list. `isKept`: through a queue folder, polled each 3 s. */
export async function bindTargets(
  { mc, redisUrl, minio, dir }: TestStack,
  targets: readonly { readonly name: string; readonly isKept?: boolean }[],
): Promise<string> {
  for (const { name, isKept } of targets) {
    // Below the folder of our own events, whose emptiness is waited for.
    const folder = isKept ? [`queue_dir=${join(dir, 'minio', 'events', name)}`] : []
    const settings = ['enable=on', `address=${new URL(redisUrl).host}`, 'format=access', `key=${LIST}`]
    await mc.run('admin', 'config', 'set', 'root', `notify_redis:${name}`, ...settings, ...folder)
  }
  await minio.stop()
  await minio.start()
  await mc.run('mb', 'root/peer')
  for (const { name } of targets)
    await mc.run('event', 'add', 'root/peer', `arn:minio:sqs::${name}:redis`, '--event', 'put')
  return LIST
}

/** Root, or an account of its own. */
export async function peerAccount({ mc, dir, credentials }: TestStack, { isAnnouncedTwice }: PeerBinding) {
  const { accessKey: user, secretKey: password } = credentials.root
  if (!isAnnouncedTwice) return { user, password }
  const path = join(dir, 'peer-policy.json')
  await writeFile(path, JSON.stringify(POLICY))
  await mc.run('admin', 'policy', 'create', 'root', 'peer', path)
  await mc.run('admin', 'user', 'add', 'root', ACCOUNT.user, ACCOUNT.password)
  await mc.run('admin', 'policy', 'attach', 'root', 'peer', '--user', ACCOUNT.user)
  return ACCOUNT
}
