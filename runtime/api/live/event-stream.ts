/**
 * Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html. A reader that is too slow is let go: it comes
 * back and says what it has.
 * @module
 */
import { MINUTE_MS, SECOND_MS } from '../../time.ts'

export interface ServerEvent {
  readonly name: string
  readonly id?: string
  readonly data: unknown
}

export interface EventStream {
  readonly response: Response
  send(this: void, event: ServerEvent): void
  end(this: void): void
}

/** A browser that lost its connection waits so long. */
const RETRY_MS = 2 * SECOND_MS
/** Proxies and address translators give up connections that say nothing. */
const COMMENT_MS = 20 * SECOND_MS
/** Then the reader comes back, with its token or its session, which may have ended. */
const LONGEST_MS = 15 * MINUTE_MS
const UNREAD_BYTES = 64 * 1024

export const EVENT_STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  // Nginx would gather what is to be read at once.
  'x-accel-buffering': 'no',
}

/** @param onEnd - called once, also when the reader ends it */
export function createEventStream(onEnd: () => void): EventStream {
  const encoder = new TextEncoder()
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const write = (text: string) => {
    const bytes = encoder.encode(text)
    controller?.enqueue(bytes)
    if ((controller?.desiredSize ?? 0) < 0) end()
  }
  const comments = setInterval(() => write(':\n\n'), COMMENT_MS)
  const last = setTimeout(() => end(), LONGEST_MS)
  const release = () => {
    clearInterval(comments)
    clearTimeout(last)
    if (!controller) return
    controller = undefined
    onEnd()
  }
  const end = () => {
    const open = controller
    release()
    open?.close()
  }
  const body = new ReadableStream<Uint8Array>(
    {
      start(started) {
        controller = started
      },
      cancel: release,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: UNREAD_BYTES }),
  )
  write(`retry: ${RETRY_MS}\n\n`)
  return {
    response: new Response(body, { headers: EVENT_STREAM_HEADERS }),
    send: (event) => write(textOf(event)),
    end,
  }
}

/** JSON has no line ends of its own. */
function textOf({ name, id, data }: ServerEvent): string {
  return `event: ${name}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`
}
