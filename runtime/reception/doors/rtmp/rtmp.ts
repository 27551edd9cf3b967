/**
 * The RTMP door. No line of RTMP is ours: each TCP connection gets an FFmpeg that listens on loopback, and its bytes are passed on
 * both ways. FFmpeg expects a stream key that nobody can know, and says which one came instead: that is how it is learnt.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { messageOf } from '../../../errors.ts'
import { freePort, openPort } from '../../../listening.ts'
import { SECOND_MS, sleep } from '../../../time.ts'
import { askForKey, type OpenDoor, type Refusal, refused } from '../door.ts'
import { firstMediaWithin, startEarlyTake, type EarlyParts, type EarlyTake } from '../early-take.ts'
import { createGateLimits, type GateLimits } from './gate-limits.ts'
import { passOn } from './pass-on.ts'
import { createRefusalLog } from '../refusal-log.ts'
import { parseSenderKey } from './key.ts'
import { receiveEarly } from '../early-reception.ts'
import { lastWords } from '../running-take.ts'
import type { Sender } from '../../connection.ts'

/** A sender that has not given its key by then is cut: a handshake takes a moment. */
const KEY_MS = 10 * SECOND_MS
const DIAL_EVERY_MS = 20

/** @throws {ConfigError} when it may never listen there; Error when a later start may find the port free */
export async function openRtmpDoor(parts: EarlyParts): Promise<OpenDoor> {
  const { settings, log } = parts
  const limits = createGateLimits()
  const logRefusal = createRefusalLog(
    log,
    'connections without a stream key are closed: there are as many as may be at a time',
  )
  const unproven = createGateLimits(settings.most, settings.most)
  const sockets = new Set<Socket>()
  let isClosed = false
  const server: Server = createServer((socket) => {
    // Without a listener its reset would end this process.
    socket.on('error', () => undefined)
    const leave = isClosed ? undefined : limits.enter(socket.remoteAddress ?? '')
    if (!leave) {
      parts.onRefused('rtmp', isClosed ? 'draining' : 'limit')
      if (!isClosed) logRefusal(socket.remoteAddress ?? '')
      socket.destroy()
      return
    }
    sockets.add(socket)
    socket.once('close', () => {
      sockets.delete(socket)
      leave()
    })
    serve({ ...parts, unproven }, socket, leave)
      .catch((error: unknown) => log.error({ error: messageOf(error) }, 'an RTMP connection failed'))
      .finally(() => socket.destroy())
  })
  const { address, port } = await openPort(server, {
    host: settings.host,
    port: settings.rtmpPort,
    hostSetting: 'SLUICE_STREAMS_HOST',
    portSetting: 'SLUICE_RTMP_PORT',
  })
  server.on('error', (error: Error) => log.error({ error: error.message }, 'the RTMP door failed'))
  log.info({ url: `rtmp://${address}:${port}/live` }, 'receiving streams')
  return {
    port,
    close() {
      isClosed = true
      server.close()
      return Promise.resolve()
    },
    closeAll() {
      for (const socket of sockets) socket.destroy()
      return Promise.resolve()
    },
  }
}

interface GateParts extends EarlyParts {
  /** Senders with a key of which no media have come yet. */
  readonly unproven: GateLimits
}

async function serve(parts: GateParts, socket: Socket, leave: () => void): Promise<void> {
  socket.pause()
  const nonce = randomBytes(8).toString('hex')
  const port = await freePort()
  let tell = (_key: string) => {}
  const key = new Promise<string>((resolve) => {
    tell = resolve
  })
  const early = await startEarlyTake(parts, {
    input: { door: 'rtmp', port, nonce },
    onSenderKey: (text) => tell(text),
  })
  try {
    await receiveFrom(parts, { socket, leave, port, early, key, tell })
  } finally {
    // Whatever went wrong, its FFmpeg does not outlive a connection.
    socket.destroy()
    await early.finish()
  }
}

interface Gated {
  readonly socket: Socket
  /** Makes room for the next sender without a key. */
  readonly leave: () => void
  /** On which FFmpeg listens. */
  readonly port: number
  readonly early: EarlyTake
  /** The stream key; '' when none came. */
  readonly key: Promise<string>
  readonly tell: (key: string) => void
}

async function receiveFrom(
  parts: GateParts,
  { socket, leave, port, early, key, tell }: Gated,
): Promise<void> {
  const { settings } = parts
  const peer = `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`
  const over = new AbortController()
  void sleep(KEY_MS, over.signal).then(() => over.signal.aborted || tell(''))
  void early.take.ended.then(() => tell(''))
  socket.once('close', () => tell(''))
  const inside = await dial(port, early, over.signal)
  const flow = inside && passOn(socket, inside)
  // Its sender may be gone already: `close` came before anybody listened.
  if (socket.destroyed) inside?.end()
  const text = inside ? await key : ''
  over.abort()

  const refuse = async ({ reason, message }: Refusal, isCounted = true) => {
    if (isCounted) parts.onRefused('rtmp', reason)
    parts.log.info({ door: 'rtmp', peer, reason }, `a sender was refused: ${message}`)
    socket.destroy()
    inside?.destroy()
    early.take.kill()
    await early.finish()
  }
  const given = parseSenderKey(text)
  if (!flow || !given)
    return refuse(
      text === ''
        ? refused('media', 'it did not say which stream it sends')
        : refused('name', 'its stream key does not have the form NAME?key=SECRET'),
    )
  const answer = await askForKey(parts.checkKey, given.name, given.secret)
  if (answer.kind === 'refused') return refuse(answer)
  const sender: Sender = {
    name: given.name,
    door: 'rtmp',
    peer,
    keyId: answer.keyId,
    canWait: false,
    takesOver: true,
  }
  const refusal = await parts.reception.ask(sender)
  if (refusal) return refuse(refusal, false)
  const prove = parts.unproven.enter(peer)
  if (!prove) return refuse(refused('limit', 'too many senders have a key and send no media yet'))
  leave()
  // Only a sender of media takes over: one that FFmpeg cannot receive must not cut another.
  await firstMediaWithin(early, settings.stallMs).finally(prove)
  if (early.isSilent()) {
    const end = await early.finish()
    return refuse(refused('media', lastWords(end, `no media came within ${settings.stallMs / SECOND_MS} s`)))
  }
  const connection = await early.admit(sender)
  if ('kind' in connection) return refuse(connection, false)
  await receiveEarly(parts, {
    early,
    connection,
    listen: (heard) => flow.listen(heard),
    // FFmpeg finds the end of its input then, and completes its last piece.
    hangUp: () => socket.destroy(),
  })
}

/** A connection to FFmpeg, which needs a moment until it listens; undefined when it never does. */
async function dial(port: number, { take }: EarlyTake, signal: AbortSignal): Promise<Socket | undefined> {
  let isOver = false
  void take.ended.then(() => {
    isOver = true
  })
  while (!isOver && !signal.aborted) {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    if (isOpen) return socket.on('error', () => undefined)
    await sleep(DIAL_EVERY_MS, signal)
  }
  return undefined
}
