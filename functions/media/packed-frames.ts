/**
 * MPEG-4 as DivX and old Xvid wrote it into AVI: a B-frame travels behind the picture that it leans on, in one packet, and an
 * empty packet follows in its place. Copied, two pictures have one time. Pure.
 * @module
 */

/** Such encoders sign in front of the first picture; headers and an index may come before it. */
export const SIGNED_BYTES = 1024 ** 2

/** `DivX503b1393p`, `DivX500Build413p`: the last letter says it. */
const SIGNATURE = /DivX\d{1,4}(?:b|Build)\d{1,8}p/

export function hasPackedFrames(head: Buffer): boolean {
  return SIGNATURE.test(head.toString('latin1'))
}

export const PACKED_WARNING =
  'the picture has packed B-frames (DivX, old Xvid): in the chunks some pictures share one time, and one at each cut cannot be decoded; mode "exact" has each at its time'
