/** `sluice secrets`: the passwords of a whole stack, as files for docker-compose.yml. None of them is printed. @module */
import { loadConfig } from '../../settings/config.ts'
import { keepSecrets } from '../../setup/secrets/keep.ts'
import { isSecretName, restartsFor, SECRETS } from '../../setup/secrets/plan.ts'
import { examples, UsageError, type CliCommand } from '../command.ts'

interface SecretsOptions {
  readonly dir: string
  readonly rotate?: readonly string[]
  readonly owner?: string
}

export const secrets: CliCommand = (command, { env, out }) => {
  command
    .option('--dir <folder>', 'the folder of the files', 'secrets')
    .option('--rotate <names...>', 'rotate these secrets')
    .option('--owner <uid:gid>', 'the user of the containers (default for root: 1000:1000; otherwise you)')
    .addHelpText('after', examples('secrets', 'secrets --rotate redis-runtime token-admin'))
    .action(async ({ dir, rotate = [], owner }: SecretsOptions) => {
      const known = rotate.filter(isSecretName)
      const unknown = rotate.filter((name) => !isSecretName(name))
      if (unknown.length > 0)
        throw new UsageError(
          `no secret is called ${unknown.join(', ')}; the secrets are ${SECRETS.join(', ')}`,
        )
      const user = ownerOf(owner)
      const { made, changed } = await keepSecrets({
        dir,
        name: loadConfig(env).name,
        rotate: known,
        owner: user,
      })
      for (const file of made) out.write(`made     ${dir}/${file}\n`)
      for (const file of changed) out.write(`changed  ${dir}/${file}\n`)
      if (made.length + changed.length === 0) out.write(`All secrets exist in ${dir}: nothing to do.\n`)
      if (known.length > 0)
        out.write('Now run these lines. Uploads still work while MinIO is running, and none is lost:\n')
      for (const line of restartsFor(known)) out.write(`  ${line}\n`)
      const { uid, gid } = user ?? { uid: process.getuid?.() ?? 1_000, gid: process.getgid?.() ?? 1_000 }
      if (uid !== 1_000 || gid !== 1_000)
        out.write(`Only user ${uid} may read them. Put this into .env: SLUICE_USER=${uid}:${gid}\n`)
    })
}

/** Root gives them to the user of the containers, since no container runs as root. */
function ownerOf(text: string | undefined): { uid: number; gid: number } | undefined {
  if (text === undefined) return process.getuid?.() === 0 ? { uid: 1_000, gid: 1_000 } : undefined
  const [, uid, gid] = /^(\d{1,9}):(\d{1,9})$/.exec(text) ?? []
  if (uid === undefined || gid === undefined)
    throw new UsageError(`--owner ${text}: write two numbers, such as 1000:1000`)
  if (Number(uid) === 0) throw new UsageError('--owner: no container runs as root')
  return { uid: Number(uid), gid: Number(gid) }
}
