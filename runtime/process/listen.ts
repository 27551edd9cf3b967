/** Where the API is served; what is in the way is said with the setting that moves it. @module */
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import type { Hono } from 'hono'
import type { Config } from '../config.ts'
import { ConfigError } from '../errors.ts'
import type { Logger } from '../logger.ts'

/**
 * Resolves when `app` is served; what it returns ends that.
 *
 * @throws {ConfigError} when this user may never listen there; Error when another start may find the port free
 */
export function listen(
  app: Pick<Hono, 'fetch'>,
  { apiHost, apiPort }: Pick<Config, 'apiHost' | 'apiPort'>,
  log: Logger,
): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: Error) => reject(explain(error, apiHost, apiPort))
    const server = serve({ fetch: app.fetch, hostname: apiHost, port: apiPort }, (info: AddressInfo) => {
      server.off('error', refuse)
      server.on('error', (error: Error) => log.error({ error: error.message }, 'the HTTP server failed'))
      log.info({ url: `http://${info.address}:${info.port}` }, 'listening')
      resolve(() => void server.close())
    })
    server.on('error', refuse)
  })
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new Error(
        `port ${port} on ${host} is taken by another program: end that one, or choose another port by SLUICE_API_PORT; it is tried again meanwhile`,
        { cause: error },
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new Error(`SLUICE_API_HOST: ${host} is no address of this machine: ${error.message}`, {
        cause: error,
      })
    case 'EACCES':
      return new ConfigError([`SLUICE_API_PORT: this user may not listen on port ${port} of ${host}`])
    default:
      return error
  }
}
