/**
 * The sources that are measured: these here, or those of an older commit in a worktree of its own, with the packages that are
 * installed here. Its servers, set-up and programs are its own too, so that nothing here has to fit its data.
 * @module
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import { rootDir } from '../../../infra/local/root.ts'
import type { Runs } from '../../helpers/runs.ts'
import type { TestStack } from '../../helpers/stack.ts'
import { say } from '../statistics.ts'
import type { Pids } from './cpu.ts'

const run = promisify(execFile)
const git = async (...words: readonly string[]) => (await run('git', ['-C', rootDir, ...words])).stdout.trim()

type Stacks = typeof import('../../helpers/stack.ts')
type RunsOfStacks = typeof import('../../helpers/runs.ts')
type Keys = typeof import('../../../runtime/queue/keys.ts')

/** What is told of ends and runs is asked by the tree's own modules: they know its layout of Redis. */
export interface Tree {
  readonly startStack: Stacks['startTestStack']
  readonly createRuns: RunsOfStacks['createRuns']
  /** The sorted set of runs that have ended. */
  readonly endedKey: string
  /** Where a file of `test/bench` is, in this tree. */
  benchFile(name: string): string
  /** A module of this tree, compiled by `tsc` as in the image, and as the peer's packages are: under tsx it is a quarter slower. */
  compiled(path: string): Promise<string>
}

export async function treeAt(root = rootDir): Promise<Tree> {
  const load = (path: string) => import(pathToFileURL(join(root, path)).href) as Promise<unknown>
  const { startTestStack } = (await load('test/helpers/stack.ts')) as Stacks
  const { createRuns } = (await load('test/helpers/runs.ts')) as RunsOfStacks
  const { createKeys } = (await load('runtime/queue/keys.ts')) as Keys
  return {
    startStack: startTestStack,
    createRuns,
    endedKey: createKeys('sluice').ended,
    benchFile: (name) => join(root, 'test', 'bench', name),
    async compiled(path) {
      const { ensureBuild } = (await load('infra/build/build.mjs')) as {
        ensureBuild: () => string | undefined
      }
      const dir = ensureBuild()
      if (!dir) throw new Error(`nothing can be compiled in ${root}`)
      return join(dir, path.replace(/\.ts$/, '.js'))
    },
  }
}

/** The commit that git knows by this name, such as `main~3`; undefined if there is none here. */
export function hashOf(commit: string): Promise<string | undefined> {
  const words = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${commit}^{commit}`]
  return git(...words).catch(() => undefined)
}

export async function withTree<T>(hash: string, work: (tree: Tree) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-before-'))
  const root = join(dir, 'tree')
  try {
    await git('worktree', 'add', '--quiet', '--detach', root, hash)
    await symlink(join(rootDir, 'node_modules'), join(root, 'node_modules'))
    say(`before: ${await git('log', '-1', '--format=%h %s', hash)}`)
    return await work(await treeAt(root))
  } finally {
    await rm(dir, { recursive: true, force: true })
    await git('worktree', 'prune')
  }
}

export interface Runtime {
  readonly stack: TestStack
  readonly runs: Runs
  /** Runs that have ended: those that succeeded have their manifest. */
  readonly ended: () => Promise<number>
  readonly pids: () => Pids
}

export interface RuntimeOptions {
  /** A file of `test/bench`. */
  readonly functions: string
  readonly env?: Readonly<Record<string, string>>
}

/** The whole stack of these sources, and that of `before`, each with its own servers; whoever is not measured is idle. */
export async function withRuntimes<T>(
  before: Tree | undefined,
  options: RuntimeOptions,
  work: (runtimes: { readonly before?: Runtime; readonly ours: Runtime }) => Promise<T>,
): Promise<T> {
  const closing: (() => unknown)[] = []
  try {
    const older = before && (await startRuntime(before, options, closing))
    const ours = await startRuntime(await treeAt(), options, closing)
    return await work({ ...(older && { before: older }), ours })
  } finally {
    for (const close of closing.toReversed()) await close()
  }
}

async function startRuntime(
  tree: Tree,
  { functions, env }: RuntimeOptions,
  closing: (() => unknown)[],
): Promise<Runtime> {
  const stack = await tree.startStack({
    env: { SLUICE_FUNCTIONS_FILE: tree.benchFile(functions), SLUICE_LOG_LEVEL: 'warn', ...env },
  })
  closing.push(() => stack.stop())
  const [runs, redis] = [tree.createRuns(stack), new Redis(stack.redisUrl)]
  closing.push(() => {
    runs.close()
    redis.disconnect()
  })
  const [worker, serving] = [await stack.childPids('work'), await stack.childPids('serve')]
  return {
    stack,
    runs,
    ended: () => redis.zcard(tree.endedKey),
    // Servers may have been started again.
    pids: () => ({ worker, serving, redis: [stack.redis.pid ?? 0], minio: [stack.minio.pid ?? 0] }),
  }
}
