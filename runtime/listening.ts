/** Opens a port; if it cannot be opened, the error names the setting to change. @module */
import { createServer, type AddressInfo, type Server } from 'node:net'
import { ConfigError } from './errors.ts'

export interface ListenAddress {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly hostSetting: string
  readonly portSetting: string
}

/**
 * The port on which the server listens now.
 *
 * @throws {ConfigError} when this user may never listen there; Error when a later start may find the port free
 */
export function openPort(server: Server, at: ListenAddress): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(explain(error, at))
    server.once('error', fail)
    server.listen(at.port, at.host, () => {
      server.off('error', fail)
      resolve(server.address() as AddressInfo)
    })
  })
}

/** A port on loopback that was free a moment ago, for a program that cannot choose one itself. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

function explain(
  error: NodeJS.ErrnoException,
  { host, port, hostSetting, portSetting }: ListenAddress,
): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new Error(
        `port ${port} on ${host} is taken by another program: stop that program or choose another port with ${portSetting}`,
        { cause: error },
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new Error(`${hostSetting}: ${host} is not an address of this machine: ${error.message}`, {
        cause: error,
      })
    case 'EACCES':
      return new ConfigError([`${portSetting}: this user may not listen on port ${port} of ${host}`])
    default:
      return error
  }
}
