/** `sluice console`: the console's address, with a link that logs a browser in. @module */
import { createApiClient } from '../../api/client.ts'
import { loginPathOf } from '../../api/login/link.ts'
import { loadConfig, type Config } from '../../settings/config.ts'
import type { Environment } from '../../settings/files.ts'
import { hostHere } from '../../settings/values.ts'
import { examples, type CliCommand } from '../command.ts'
import { writeJson } from '../terminal/table.ts'

export interface ConsoleAddress {
  /** Without a slash at the end. */
  readonly url: string
  /** Logs a browser in, once, within an hour; undefined while no token is set, as then nobody has to log in. */
  readonly loginUrl: string | undefined
}

export function consoleAddress(
  config: Pick<Config, 'apiHost' | 'apiPort' | 'basePath' | 'consoleUrl' | 'tokens'>,
): ConsoleAddress {
  const { apiHost, apiPort, basePath, tokens } = config
  const url = config.consoleUrl ?? `http://${hostHere(apiHost)}:${apiPort}${basePath}`
  const path = loginPathOf(tokens)
  return { url, loginUrl: path && `${url}${path}` }
}

/** The tokens of this machine's runtime log in there and nowhere else, so that another one's address comes without a link. */
function addressFrom(env: Environment): ConsoleAddress {
  const config = loadConfig(env)
  const isElsewhere = Boolean(env['SLUICE_API_URL']) && config.consoleUrl === undefined
  return isElsewhere ? { url: createApiClient(env).url, loginUrl: undefined } : consoleAddress(config)
}

/** The link is printed and nothing else, so that `xdg-open "$(sluice console)"` works. */
export const consoleCommand: CliCommand = (command, { env, out, err }) => {
  command
    .option('--json', 'print the address and the link as one JSON document')
    .addHelpText('after', examples('console'))
    .action((options: { readonly json?: boolean }) => {
      const { url, loginUrl } = addressFrom(env)
      if (options.json) return writeJson(out, { url, loginUrl })
      out.write(`${loginUrl ?? `${url}/`}\n`)
      if (loginUrl && out.isTerminal)
        err.write('The link logs in one browser, within an hour: show it to nobody.\n')
      return undefined
    })
}
