/** Users in MinIO and their policies. @module */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError, messageOf } from '../../errors.ts'
import type { Credentials } from '../../settings/config.ts'
import { ALIAS, withMc, type McOptions } from './mc.ts'
import type { Policy } from './policies.ts'

export interface User {
  readonly credentials: Credentials
  readonly policyName: string
  readonly policy: Policy
}

/**
 * Creates each user with its policy, or brings them up to date.
 *
 * @throws {ConfigError} when MinIO refuses; no secret is in its text
 */
export async function createUsers(options: McOptions, users: readonly User[]): Promise<void> {
  await withMc(options, async (mc, dir) => {
    for (const { credentials, policyName, policy } of users) {
      const { accessKey, secretKey } = credentials
      const path = join(dir, `${policyName}.json`)
      await writeFile(path, JSON.stringify(policy))
      const secrets = [secretKey]
      await mc(['policy', 'create', ALIAS, policyName, path], { secrets })
      // The secret is on standard input, since every user of a machine can read its command lines.
      await mc(['user', 'add', ALIAS, accessKey], { input: `${secretKey}\n`, secrets })
      await mc(['policy', 'attach', ALIAS, policyName, '--user', accessKey], { secrets })
    }
  }).catch((error: unknown) => {
    throw new ConfigError([`MinIO at ${options.endpoint}: ${messageOf(error)}`])
  })
}
