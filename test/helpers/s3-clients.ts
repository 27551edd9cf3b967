/** Common S3 clients: where they are on this machine, and the command with which each uploads. @module */
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { withInstallLock } from '../../infra/local/programs/install-lock.ts'
import { cacheBinDir, findAllOnPath } from '../../infra/local/programs/programs.ts'
import { progress } from '../../infra/local/terminal.ts'
import { findInstaller, type SystemPackage } from '../../infra/local/programs/system-package.ts'
import { messageOf } from '../../runtime/errors.ts'
import { MINUTE_MS } from '../../runtime/time.ts'
import { requireProgram } from './servers.ts'
import type { TestStack } from './stack.ts'

const run = promisify(execFile)

export const CLIENT_NAMES = ['mc', 'rclone', 's3cmd', 'aws', 'boto3'] as const
export type ClientName = (typeof CLIENT_NAMES)[number]

/** A client with the uploader's account; it sends into `incoming`. */
export interface S3Client {
  put(path: string, key: string, note?: string): Promise<void>
  /** Everything in a folder, below a prefix. */
  mirror(folder: string, prefix: string): Promise<void>
  /** From standard input, whose length no client knows. */
  pipe(text: string, key: string): Promise<void>
}

interface Kind {
  readonly program: string
  /** Ends with 0 when it is here and works. */
  readonly probe: readonly string[]
  readonly package: SystemPackage
}

const KINDS: Readonly<Record<Exclude<ClientName, 'mc'>, Kind>> = {
  rclone: { program: 'rclone', probe: ['version'], package: samePackage('rclone') },
  s3cmd: { program: 's3cmd', probe: ['--version'], package: samePackage('s3cmd') },
  aws: {
    program: 'aws',
    probe: ['--version'],
    package: {
      title: 'the AWS command line',
      names: { 'apt-get': 'awscli', dnf: 'awscli2', apk: 'aws-cli', brew: 'awscli' },
    },
  },
  boto3: {
    program: 'python3',
    probe: ['-c', 'import boto3'],
    package: {
      title: 'boto3',
      names: { 'apt-get': 'python3-boto3', dnf: 'python3-boto3', apk: 'py3-boto3' },
    },
  },
}

function samePackage(name: string): SystemPackage {
  return { title: name, names: { 'apt-get': name, dnf: name, apk: name, brew: name } }
}

/** The client's path, after it was installed where that is possible; undefined when it cannot be had here. */
export async function ensureClient(name: ClientName): Promise<string | undefined> {
  if (name === 'mc') return requireProgram('mc')
  const kind = KINDS[name]
  const here = await findClient(kind)
  const installer = here ? undefined : await findInstaller(kind.package)
  if (!installer?.install) return here
  const { install } = installer
  const lockDir = join(dirname(cacheBinDir()), 'install.lock')
  // The previous holder of the lock may have installed it. Without a network it cannot be installed, which is not a failure.
  await withInstallLock(lockDir, progress, async () => (await findClient(kind)) ?? install(progress)).catch(
    (error: unknown) => progress(messageOf(error)),
  )
  return findClient(kind)
}

async function findClient({ program, probe }: Kind): Promise<string | undefined> {
  for (const path of await findAllOnPath(program)) {
    const works = await run(path, [...probe], { timeout: MINUTE_MS }).then(
      () => true,
      () => false,
    )
    if (works) return path
  }
  return undefined
}

export async function createClient(name: ClientName, program: string, stack: TestStack): Promise<S3Client> {
  const dir = join(stack.dir, 'clients')
  await mkdir(dir, { recursive: true })
  const lines = await LINES[name](stack, dir)
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    AWS_ACCESS_KEY_ID: stack.credentials.uploader.accessKey,
    AWS_SECRET_ACCESS_KEY: stack.credentials.uploader.secretKey,
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    // Neither a person's accounts nor their settings.
    AWS_CONFIG_FILE: join(dir, 'none'),
    AWS_SHARED_CREDENTIALS_FILE: join(dir, 'none'),
    RCLONE_CONFIG: join(dir, 'rclone.conf'),
  }
  delete env['AWS_PROFILE']
  delete env['AWS_SESSION_TOKEN']
  // With it rclone wants a certificate of the store.
  delete env['AWS_CA_BUNDLE']
  async function call(args: readonly string[], input = ''): Promise<void> {
    const called = run(program, [...lines.always, ...args], {
      env,
      timeout: MINUTE_MS,
      killSignal: 'SIGKILL',
    })
    // It may end without reading.
    called.child.stdin?.on('error', () => undefined)
    called.child.stdin?.end(input)
    await called
  }
  return {
    put: (path, key, note) => call(lines.put(path, key, note)),
    mirror: (folder, prefix) => call(lines.mirror(folder, prefix)),
    pipe: (text, key) => call(lines.pipe(key), text),
  }
}

/** A client's command lines. */
interface Lines {
  readonly always: readonly string[]
  put(path: string, key: string, note?: string): string[]
  mirror(folder: string, prefix: string): string[]
  pipe(key: string): string[]
}

const LINES: Readonly<Record<ClientName, (stack: TestStack, dir: string) => Promise<Lines>>> = {
  mc: async ({ mc }) => ({
    always: ['--config-dir', mc.configDir],
    put: (path, key, note) => [
      'cp',
      ...(note ? ['--attr', `note=${note}`] : []),
      path,
      `sluice/incoming/${key}`,
    ],
    mirror: (folder, prefix) => ['mirror', folder, `sluice/incoming/${prefix}`],
    pipe: (key) => ['pipe', `sluice/incoming/${key}`],
  }),

  // Uploaders may not read uploads, so rclone must not look at what is there. It takes é in its two forms for one name.
  rclone: async ({ minioEndpoint }, dir) => {
    const config = {
      type: 's3',
      provider: 'Minio',
      env_auth: true,
      endpoint: minioEndpoint,
      region: 'us-east-1',
    }
    const unseeing = { no_check_bucket: true, no_head: true, no_head_object: true }
    await writeFile(join(dir, 'rclone.conf'), iniOf('sluice', { ...config, ...unseeing }))
    return {
      always: [
        '--ignore-times',
        '--no-unicode-normalization',
        '--s3-upload-cutoff',
        '5Mi',
        '--s3-chunk-size',
        '5Mi',
      ],
      put: (path, key, note) => [
        'copyto',
        ...(note ? ['--header-upload', `x-amz-meta-note: ${note}`] : []),
        path,
        `sluice:incoming/${key}`,
      ],
      mirror: (folder, prefix) => ['copy', folder, `sluice:incoming/${prefix}`],
      pipe: (key) => ['rcat', `sluice:incoming/${key}`],
    }
  },

  s3cmd: async ({ minioEndpoint, credentials }, dir) => {
    const { host } = new URL(minioEndpoint)
    const { accessKey, secretKey } = credentials.uploader
    const config = { access_key: accessKey, secret_key: secretKey, host_base: host, host_bucket: host }
    await writeFile(join(dir, 's3cfg'), iniOf('default', { ...config, use_https: 'False' }), { mode: 0o600 })
    return {
      always: ['--config', join(dir, 's3cfg')],
      put: (path, key, note) => [
        'put',
        ...(note ? [`--add-header=x-amz-meta-note:${note}`] : []),
        path,
        `s3://incoming/${key}`,
      ],
      mirror: (folder, prefix) => ['sync', `${folder}/`, `s3://incoming/${prefix}/`],
      pipe: (key) => ['put', '-', `s3://incoming/${key}`],
    }
  },

  aws: async ({ minioEndpoint }) => ({
    always: ['--endpoint-url', minioEndpoint, 's3'],
    put: (path, key, note) => [
      'cp',
      ...(note ? ['--metadata', `note=${note}`] : []),
      path,
      `s3://incoming/${key}`,
    ],
    mirror: (folder, prefix) => ['sync', folder, `s3://incoming/${prefix}`],
    pipe: (key) => ['cp', '-', `s3://incoming/${key}`],
  }),

  boto3: async ({ minioEndpoint }) => ({
    always: [join(import.meta.dirname, 's3-boto3.py'), minioEndpoint],
    put: (path, key, note) => ['put', path, key, ...(note ? [note] : [])],
    mirror: (folder, prefix) => ['mirror', folder, prefix],
    pipe: (key) => ['pipe', key],
  }),
}

function iniOf(section: string, values: Readonly<Record<string, string | boolean>>): string {
  return [`[${section}]`, ...Object.entries(values).map(([name, value]) => `${name} = ${value}`), ''].join(
    '\n',
  )
}
