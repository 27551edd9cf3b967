/** The part of the package idiomorph that the console uses (assets.ts serves it under this name). @module */

export interface Callbacks {
  /** Each returns false to leave the old state. */
  readonly beforeAttributeUpdated: (name: string, node: Element, kind: 'update' | 'remove') => boolean
  readonly beforeNodeMorphed: (old: Node, next: Node) => boolean
  readonly beforeNodeRemoved: (old: Node) => boolean
}

export declare const Idiomorph: {
  morph(
    old: Element,
    next: Element,
    options: {
      readonly morphStyle: 'outerHTML'
      /** The field in use keeps its value. */
      readonly ignoreActiveValue: boolean
      readonly callbacks: Callbacks
    },
  ): void
}
