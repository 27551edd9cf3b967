/**
 * The Response that `c.json` and `c.text` return. Making one of Node's costs as much as the rest of a call, and the runtime only wants
 * its text: so Node's is made for code that reads anything else of it.
 * @module
 */

/** To `instanceof` a Response; its own constructor is not called. */
const Unmade = function () {} as unknown as new () => Response
Unmade.prototype = Response.prototype

/** Its status is 200: any other answer is one of Hono's. */
export class TextAnswer extends Unmade {
  readonly answered: string
  readonly #contentType: string
  #made: Response | undefined

  /** @param text - undefined where a value has no JSON */
  constructor(text: string | undefined, contentType: string) {
    super()
    this.answered = text ?? ''
    this.#contentType = contentType
  }

  /** The same answer as Node makes it. */
  get made(): Response {
    return (this.#made ??= new Response(this.answered, { headers: { 'content-type': this.#contentType } }))
  }
}

for (const name of Object.getOwnPropertyNames(Response.prototype)) {
  if (name === 'constructor') continue
  Object.defineProperty(TextAnswer.prototype, name, {
    configurable: true,
    get(this: TextAnswer): unknown {
      const { made } = this
      const value: unknown = Reflect.get(made, name)
      return typeof value === 'function' ? (value.bind(made) as unknown) : value
    },
  })
}
