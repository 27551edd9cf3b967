/** docker-compose.yml as parsed by Docker Compose's own library. @module */
import { join } from 'node:path'
import { composeLoader, judge, type Judgement } from './checkers.ts'

export const ROOT_DIR = join(import.meta.dirname, '..', '..')
export const COMPOSE_FILE = join(ROOT_DIR, 'docker-compose.yml')

export interface ComposeService {
  readonly image: string
  readonly user: string
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly cap_add?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly privileged?: boolean
  readonly network_mode?: string
  readonly networks?: Readonly<Record<string, unknown>>
  readonly environment?: Readonly<Record<string, string>>
  readonly secrets?: readonly { readonly source: string; readonly target: string }[]
  readonly ports?: readonly {
    readonly host_ip?: string
    readonly target: number
    readonly published: string
  }[]
  readonly volumes?: readonly {
    readonly type: string
    readonly source?: string
    readonly target?: string
    readonly read_only?: boolean
  }[]
  readonly restart?: string
  readonly mem_limit?: string
  readonly cpus?: number
  readonly pids_limit?: number
  readonly command?: readonly string[] | null
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean }
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
}

export interface ComposeProject {
  readonly services: Readonly<Record<string, ComposeService>>
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>
  readonly secrets: Readonly<Record<string, { readonly file: string }>>
  readonly volumes: Readonly<Record<string, unknown>>
}

export async function loadCompose(env: Readonly<Record<string, string>> = {}): Promise<ComposeProject> {
  const { isFine, output } = await judgeCompose(COMPOSE_FILE, env)
  if (!isFine) throw new Error(output)
  return JSON.parse(output) as ComposeProject
}

export async function judgeCompose(
  path: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Judgement> {
  return judge(await composeLoader(), [path], env)
}
