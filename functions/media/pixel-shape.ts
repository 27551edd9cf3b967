/** The shape of the pixels of a picture. Pure. @module */

/** Width by height, of ffprobe's `16:15`; 1 where it is unknown or makes no sense. */
export function pixelShapeOf(text = ''): number {
  const [, wide, high] = /^(\d+):(\d+)$/.exec(text) ?? []
  const shape = Number(wide) / Number(high)
  return shape >= 1 / 16 && shape <= 16 ? shape : 1
}
