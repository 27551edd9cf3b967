/**
 * Requests and responses that become real ones when somebody looks into them. Few handlers read more of their Request than its
 * path, and most answer with a text and a status that the runtime reads at once; Node's own classes take longer for that
 * than all the rest of a call. (Hono's server for Node does the same, in every process that it serves in.)
 * @module
 */
const NativeRequest = globalThis.Request
const NativeResponse = globalThis.Response
const nativeFetch = globalThis.fetch

type Body = ConstructorParameters<typeof NativeResponse>[0]
type Headers = NonNullable<ResponseInit['headers']>

/** What is asked of it is asked of the real one: for all names but those that the light one answers itself. */
function delegate<T extends object>(
  light: { readonly prototype: { readonly real: T } },
  native: { prototype: T },
) {
  Object.setPrototypeOf(light.prototype, native.prototype)
  for (const [name, own] of Object.entries(Object.getOwnPropertyDescriptors(native.prototype))) {
    if (name === 'constructor' || Object.hasOwn(light.prototype, name)) continue
    const found = own.get
      ? {
          get(this: { readonly real: T }) {
            return this.real[name as keyof T]
          },
        }
      : {
          value(this: { readonly real: T }, ...args: unknown[]) {
            return (this.real as Record<string, (...args: unknown[]) => unknown>)[name]?.(...args)
          },
        }
    Object.defineProperty(light.prototype, name, { ...found, configurable: true })
  }
}

class LightRequest {
  readonly method = 'POST'
  readonly url: string
  readonly #init: () => RequestInit
  #real: Request | undefined

  constructor(url: string, init: () => RequestInit) {
    this.url = url
    this.#init = init
  }

  get real(): Request {
    return (this.#real ??= new NativeRequest(this.url, { ...this.#init(), method: this.method }))
  }
}
delegate<Request>(LightRequest, NativeRequest)

/** A POST without a body. */
export function postWhenAsked(url: string, init: () => RequestInit): Request {
  return new LightRequest(url, init) as unknown as Request
}

/** Node's own classes know a Request by what only they have put into it. */
const realOf = <T>(input: T): T | Request => (input instanceof LightRequest ? input.real : input)

const AnyRequest: typeof NativeRequest = new Proxy(NativeRequest, {
  construct: (target, [input, ...rest], newTarget): Request =>
    Reflect.construct(
      target,
      [realOf(input), ...rest],
      newTarget === AnyRequest ? target : newTarget,
    ) as Request,
})

class LightResponse {
  readonly #body: Body
  readonly #init: ResponseInit | undefined
  #real: Response | undefined

  constructor(body?: Body, init?: ResponseInit) {
    this.#body = body
    this.#init = init
    // What is wrong with others is to be said here, and what they are made of may change: they are real from the start.
    if (!isPlain(body, init)) this.#real = new NativeResponse(body, init)
  }

  static [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof NativeResponse
  }

  static textOf(response: Response): string | undefined {
    return #real in response && !response.#real ? (response.#body as string) : undefined
  }

  get real(): Response {
    return (this.#real ??= new NativeResponse(this.#body, this.#init))
  }

  get status(): number {
    return this.#real?.status ?? this.#init?.status ?? 200
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300
  }
}
Object.setPrototypeOf(LightResponse, NativeResponse)
delegate<Response>(LightResponse, NativeResponse)

/** As `c.json()` and `c.text()` make them: a text, a status that may have one, and nothing but its type in a new object. */
function isPlain(body: Body, init: ResponseInit | undefined): boolean {
  if (typeof body !== 'string') return false
  if (init === undefined) return true
  const { status = 200, statusText, headers = {} } = init
  const hasText =
    Number.isInteger(status) && status >= 200 && status <= 599 && ![204, 205, 304].includes(status)
  return hasText && statusText === undefined && isOnlyType(headers)
}

function isOnlyType(headers: Headers): boolean {
  const names = Object.keys(headers)
  return Object.getPrototypeOf(headers) === Object.prototype && names.every((name) => name === 'Content-Type')
}

/** Makes `Response` the light one, and lets light requests be passed on, for the life of the process. */
export function useLightResponses(): void {
  globalThis.Request = AnyRequest
  globalThis.fetch = (input, init) => nativeFetch(realOf(input), init)
  globalThis.Response = LightResponse as unknown as typeof Response
}

/** The body of a response, when it is known without reading it. */
export function knownTextOf(response: Response): string | undefined {
  return LightResponse.textOf(response)
}
