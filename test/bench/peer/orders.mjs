/** The same as `answerOrders` in `../side.ts`: the peers run without TypeScript, as they would in production. */
export function answerOrders(act) {
  process.on('message', (order) => {
    act(order).then(
      (value) => process.send({ value: value ?? null }),
      (error) => process.send({ error: error.stack ?? error.message }),
    )
  })
  process.once('disconnect', () => process.exit(0))
}

/** What a run of ours carries too. */
export function payloadOf(at) {
  return {
    bucket: 'incoming',
    key: `folder/object-${at}.txt`,
    generation: `generation-${at}`,
    etag: 'd41d8cd98f00b204e9800998ecf8427e',
    sizeBytes: 1,
    lastModifiedMs: Date.now(),
    eventTimeMs: Date.now(),
  }
}
