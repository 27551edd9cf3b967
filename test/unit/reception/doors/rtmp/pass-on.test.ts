import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { passOn } from '../../../../../runtime/reception/doors/rtmp/pass-on.ts'
import { waitFor } from '../../../../helpers/wait.ts'

const FILM_BYTES = 8 * 1024 * 1024
const REPLY_AFTER_BYTES = FILM_BYTES / 4

const opened: (Server | Socket)[] = []
afterEach(() => {
  for (const each of opened.splice(0))
    if ('destroy' in each) each.destroy()
    else each.close()
})

async function listen(onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    opened.push(socket.on('error', () => undefined))
    onSocket(socket)
  })
  opened.push(server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** A gate, with an FFmpeg behind it that reads slowly and replies once, in the middle. */
async function gate(replyAfterBytes = REPLY_AFTER_BYTES) {
  let [received, isAtEnd] = [0, false]
  const inside = await listen((socket) => {
    socket.on('end', () => (isAtEnd = true))
    socket.on('data', (bytes: Buffer) => {
      if (received < replyAfterBytes && received + bytes.length >= replyAfterBytes)
        socket.write('acknowledged')
      received += bytes.length
      socket.pause()
      setTimeout(() => socket.resume(), 2)
    })
  })
  const port = await listen((socket) => {
    const behind = connect({ port: inside, host: '127.0.0.1', allowHalfOpen: true })
    opened.push(behind.on('error', () => undefined))
    passOn(socket, behind)
  })
  const sender = connect({ port, host: '127.0.0.1' })
  opened.push(sender.on('error', () => undefined))
  return { sender, received: () => received, isAtEnd: () => isAtEnd }
}

const WAIT = { timeoutMs: 60_000, what: 'the end of the film' }

describe('replies to a sender', () => {
  it('wait while it sends, so that the rest of a film is not lost whose sender has closed already', async () => {
    const { sender, received, isAtEnd } = await gate()
    sender.write(Buffer.alloc(FILM_BYTES))
    // Handed to the system, which goes on sending; a reply now would be answered with a reset.
    sender.end(() => sender.destroy())
    await waitFor(async () => isAtEnd(), WAIT)
    expect(received()).toBe(FILM_BYTES)
  })

  it('come when it pauses, since some senders wait for them', async () => {
    const { sender } = await gate()
    let reply = ''
    sender.setEncoding('utf8').on('data', (text: string) => (reply += text))
    sender.write(Buffer.alloc(REPLY_AFTER_BYTES))
    await waitFor(async () => reply !== '', { timeoutMs: 20_000, what: 'the reply' })
    expect(reply).toBe('acknowledged')
  })

  it('come at once before it sends media', async () => {
    const { sender } = await gate(1_000)
    sender.write(Buffer.alloc(1_000))
    const sending = setInterval(() => sender.write('x'), 20)
    const [reply] = (await once(sender, 'data')) as [Buffer]
    clearInterval(sending)
    expect(reply.toString()).toBe('acknowledged')
  })
})
