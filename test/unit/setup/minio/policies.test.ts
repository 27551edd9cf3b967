import { describe, expect, it } from 'vitest'
import {
  allBuckets,
  runtimePolicy,
  streamsPolicy,
  uploadBuckets,
  uploaderPolicy,
  type FunctionBuckets,
  type Policy,
} from '../../../../runtime/setup/minio/policies.ts'

const chunk: FunctionBuckets = { name: 'chunk', bucket: 'incoming', outputBucket: 'processed' }
const probe: FunctionBuckets = { name: 'probe', bucket: 'incoming', outputBucket: 'metadata' }
const poster: FunctionBuckets = { name: 'poster', bucket: 'processed', outputBucket: 'thumbs' }
const camera: FunctionBuckets = { name: 'camera', bucket: 'camera', outputBucket: 'processed' }
const all = [chunk, probe, poster, camera]

function allows(policy: Policy, action: string, resource: string): boolean {
  return policy.Statement.some(
    (statement) =>
      statement.Action.includes(action) && statement.Resource.includes(`arn:aws:s3:::${resource}`),
  )
}

describe('buckets', () => {
  it('are the four and whatever functions name, each once', () => {
    expect(allBuckets(all)).toEqual(['incoming', 'processed', 'metadata', 'temporary', 'camera', 'thumbs'])
    expect(allBuckets([])).toEqual(['incoming', 'processed', 'metadata', 'temporary'])
  })

  it('accept uploads where no function writes', () => {
    expect(uploadBuckets(all)).toEqual(['incoming', 'camera'])
  })
})

describe('the runtime', () => {
  it.each(['incoming', 'camera'])(
    'reads and lists %s with its versions, and changes nothing in it',
    (bucket) => {
      const policy = runtimePolicy(all)
      expect(allows(policy, 's3:GetObjectVersion', `${bucket}/*`)).toBe(true)
      expect(allows(policy, 's3:ListBucketVersions', bucket)).toBe(true)
      for (const action of ['s3:PutObject', 's3:DeleteObject', 's3:DeleteObjectVersion']) {
        expect(allows(policy, action, `${bucket}/*`)).toBe(false)
      }
    },
  )

  it('may delete uploads only in a bucket of a function that asks for it', () => {
    const policy = runtimePolicy([chunk, { ...camera, afterSuccess: 'remove' }])
    expect(allows(policy, 's3:DeleteObjectVersion', 'camera/*')).toBe(true)
    expect(allows(policy, 's3:PutObject', 'camera/*')).toBe(false)
    expect(allows(policy, 's3:DeleteObject', 'incoming/*')).toBe(false)
  })

  it.each(['processed', 'metadata', 'temporary', 'thumbs'])('owns the objects of %s', (bucket) => {
    for (const action of ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:DeleteObjectVersion']) {
      expect(allows(runtimePolicy(all), action, `${bucket}/*`)).toBe(true)
    }
  })

  it('has no wildcard, neither in actions nor in buckets', () => {
    for (const { Action, Resource } of runtimePolicy(all).Statement) {
      expect(Action.join()).not.toContain('*')
      for (const resource of Resource) expect(resource).toMatch(/^arn:aws:s3:::[a-z]+(\/\*)?$/)
    }
  })
})

describe('the uploader', () => {
  it('writes and lists sources, as clients that mirror a folder need it, and reads results', () => {
    for (const bucket of ['incoming', 'camera']) {
      expect(allows(uploaderPolicy(all), 's3:PutObject', `${bucket}/*`)).toBe(true)
      expect(allows(uploaderPolicy(all), 's3:ListBucket', bucket)).toBe(true)
    }
    for (const bucket of ['processed', 'thumbs']) {
      expect(allows(uploaderPolicy(all), 's3:GetObject', `${bucket}/*`)).toBe(true)
    }
  })

  it('neither reads uploads, nor sees what is internal, nor writes or deletes results', () => {
    const granted = uploaderPolicy(all).Statement.flatMap(({ Action, Resource }) =>
      Resource.flatMap((resource) => Action.map((action) => `${action} ${resource}`)),
    )
    expect(granted.filter((text) => /temporary|Delete/.test(text))).toEqual([])
    expect(granted.filter((text) => /GetObject.*(incoming|camera)/.test(text))).toEqual([])
    expect(granted.filter((text) => /PutObject.*(processed|thumbs)/.test(text))).toEqual([])
  })

  it('writes no piece of a stream', () => {
    const denied = uploaderPolicy(all).Statement.filter(({ Effect }) => Effect === 'Deny')
    const pieces = denied.find(({ Resource }) => Resource.includes('arn:aws:s3:::incoming/streams/*'))
    expect(pieces?.Action).toEqual(expect.arrayContaining(['s3:PutObject']))
  })
})

describe('reception', () => {
  const { Statement } = streamsPolicy()

  it('has no right outside the folders of streams: the lists of buckets are limited to them', () => {
    for (const { Action, Resource, Condition } of Statement) {
      if (Action.includes('s3:GetBucketLocation')) continue
      const isList = Action.some((action) => action.startsWith('s3:List'))
      const limits = isList ? (Condition?.StringLike['s3:prefix'] ?? []) : Resource
      expect(limits.length).toBeGreaterThan(0)
      for (const limit of limits) expect(limit).toMatch(/(^|\/)streams\/\*$/)
    }
  })

  it('removes only versions that it names, and only of playlists', () => {
    const removing = Statement.filter(({ Action }) => Action.some((action) => action.startsWith('s3:Delete')))
    expect(removing).toHaveLength(1)
    expect(removing[0]?.Resource).toEqual(['arn:aws:s3:::processed/streams/*'])
    expect(removing[0]?.Condition).toEqual({ StringLike: { 's3:versionid': ['?*'] } })
  })
})
