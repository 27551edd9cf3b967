import { describe, expect, it } from 'vitest'
import { eventTargetEnv, eventTargetLines } from '../../../../runtime/setup/minio/event-targets.ts'

const targets = { redisAddress: '127.0.0.1:6379', name: 'sluice', queueDir: '/events', isStrict: false }

describe('event targets', () => {
  it('are one without a queue folder and one with, on the same list', () => {
    expect(eventTargetEnv(targets)).toEqual({
      MINIO_NOTIFY_REDIS_ENABLE_FAST: 'on',
      MINIO_NOTIFY_REDIS_ADDRESS_FAST: '127.0.0.1:6379',
      MINIO_NOTIFY_REDIS_FORMAT_FAST: 'access',
      MINIO_NOTIFY_REDIS_KEY_FAST: '{sluice}:in',
      MINIO_NOTIFY_REDIS_ENABLE_DURABLE: 'on',
      MINIO_NOTIFY_REDIS_ADDRESS_DURABLE: '127.0.0.1:6379',
      MINIO_NOTIFY_REDIS_FORMAT_DURABLE: 'access',
      MINIO_NOTIFY_REDIS_KEY_DURABLE: '{sluice}:in',
      MINIO_NOTIFY_REDIS_QUEUE_DIR_DURABLE: '/events',
      MINIO_NOTIFY_REDIS_QUEUE_LIMIT_DURABLE: '200000',
    })
  })

  it('are only the durable one, with synchronous events, when events are strict', () => {
    const env = eventTargetEnv({ ...targets, isStrict: true })
    expect(Object.keys(env).join()).not.toContain('FAST')
    expect(env['MINIO_API_SYNC_EVENTS']).toBe('on')
  })

  it('are printed without the password of Redis', () => {
    const lines = eventTargetLines({
      redisUrl: 'redis://me:s3cret@redis.lan',
      name: 'mine',
      isStrict: false,
    }).join('\n')
    expect(lines).toContain('MINIO_NOTIFY_REDIS_ADDRESS_FAST=redis.lan:6379')
    expect(lines).toContain('MINIO_NOTIFY_REDIS_USER_DURABLE=me')
    expect(lines).toContain('MINIO_NOTIFY_REDIS_PASSWORD_DURABLE=<the password in REDIS_URL>')
    expect(lines).toContain('MINIO_NOTIFY_REDIS_KEY_DURABLE={mine}:in')
    expect(lines).not.toContain('s3cret')
  })
})
