/** A part of an attempt that many handlers do without: made by the first who asks for it. @module */

export class Late<T> {
  readonly #make: () => T
  readonly #close: (made: T) => void | Promise<void>
  #isOver = false
  made: T | undefined

  constructor(make: () => T, close: (made: T) => void | Promise<void>) {
    this.#make = make
    this.#close = close
  }

  /** After the end it is closed at once: a handler that was left behind may still ask. */
  get(): T {
    if (this.made === undefined) {
      this.made = this.#make()
      if (this.#isOver) void this.#close(this.made)
    }
    return this.made
  }

  end(): void | Promise<void> {
    this.#isOver = true
    if (this.made !== undefined) return this.#close(this.made)
  }
}
