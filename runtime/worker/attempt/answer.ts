/**
 * The Response that `c.json` and `c.text` return. Node makes a stream of every body that a Response gets, which takes ten times as long as the
 * rest of a call; the runtime reads most answers as a text, so this one makes a stream only for code that reads its body.
 * @module
 */

type BodyMember = 'body' | 'bodyUsed' | 'arrayBuffer' | 'blob' | 'clone' | 'formData' | 'json' | 'text'

/** By its types a Response has these as fields, which no method may override; in fact they are on its prototype. */
const Head = Response as unknown as new (body: null, init: Response) => Omit<Response, BodyMember>

export class TextAnswer extends Head implements Response {
  readonly answered: string
  #whole: Response | undefined

  /** @param head - a Response without a body, whose status and headers it takes over */
  constructor(text: string, head: Response) {
    super(null, head)
    this.answered = text
  }

  /** The same answer as Node makes it. */
  get #read(): Response {
    return (this.#whole ??= new Response(this.answered, this))
  }

  get body() {
    return this.#read.body
  }
  get bodyUsed() {
    return this.#whole?.bodyUsed ?? false
  }
  arrayBuffer() {
    return this.#read.arrayBuffer()
  }
  blob() {
    return this.#read.blob()
  }
  clone() {
    return this.#read.clone()
  }
  formData() {
    return this.#read.formData()
  }
  json() {
    return this.#read.json()
  }
  text() {
    return this.#read.text()
  }
}
