import { describe, expect, it } from 'vitest'
import { eventTargetEnv } from '../../../infra/local/minio.ts'
import { missingTargets, targetAdvice } from '../../../infra/local/provision.ts'

const targets = { redisAddress: '127.0.0.1:6379', name: 'sluice', isStrict: false }

describe('the event targets of MinIO', () => {
  it('are two on one list, and only the durable one has a queue folder', () => {
    expect(eventTargetEnv({ ...targets, queueDir: '/events' })).toEqual({
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

  it('are one with synchronous events when events are strict', () => {
    const env = eventTargetEnv({ ...targets, isStrict: true, queueDir: '/events' })
    expect(env).toHaveProperty('MINIO_API_SYNC_EVENTS', 'on')
    expect(Object.keys(env).filter((name) => name.endsWith('_FAST'))).toEqual([])
  })

  it('are missed by name in a MinIO that was given', () => {
    const info = (...arns: string[]) => JSON.stringify({ status: 'success', info: { sqsARN: arns } })
    expect(missingTargets(info('arn:minio:sqs::DURABLE:redis', 'arn:minio:sqs::FAST:redis'), false)).toEqual(
      [],
    )
    expect(missingTargets(info('arn:minio:sqs:eu-1:DURABLE:redis'), false)).toEqual(['FAST'])
    expect(missingTargets(info('arn:minio:sqs::FAST:kafka'), true)).toEqual(['DURABLE'])
    expect(missingTargets('{}', false)).toEqual(['FAST', 'DURABLE'])
  })

  it('are advised in exact lines, without the password of Redis', () => {
    const advice = targetAdvice('http://minio:9000', ['FAST'], { ...targets, redisPassword: 'hush' })
    expect(advice).toContain('  MINIO_NOTIFY_REDIS_ADDRESS_FAST="127.0.0.1:6379"\n')
    expect(advice).toContain('has no event target FAST.')
    expect(advice).not.toContain('hush')
  })
})
