/** Sizes of pictures that are made: never larger than the source, in its shape, even numbers. Pure. @module */

export interface Size {
  readonly width: number
  readonly height: number
}

/** @param box - the picture becomes no larger than this */
export function fit(source: Size, box: { readonly width: number; readonly height?: number }): Size {
  const { width: maxWidth, height: maxHeight = Infinity } = box
  const scale = Math.min(1, maxWidth / source.width, maxHeight / source.height)
  return {
    width: even(source.width * scale, Math.min(source.width, maxWidth)),
    height: even(source.height * scale, Math.min(source.height, maxHeight)),
  }
}

/** 4:2:0 has one colour for each two by two pixels. */
function even(pixels: number, most: number): number {
  return Math.max(2, Math.min(Math.round(pixels / 2) * 2, Math.floor(most / 2) * 2))
}
