/** Cases of the alerts about servers, machines and Prometheus itself: see `prometheus-cases.ts`. @module */
import { step, up, type AlertCase } from './alert-case.ts'

export const SERVER_CASES: Readonly<Record<string, AlertCase>> = {
  RedisDown: {
    fires: { 'redis_up{instance="r"}': '0x30' },
    labels: { instance: 'r' },
    silent: [{ redis_up: '1x30' }],
  },
  RedisMemoryHigh: {
    fires: { redis_memory_used_bytes: '90x30', redis_memory_max_bytes: '100x30' },
    silent: [
      { redis_memory_used_bytes: '70x30', redis_memory_max_bytes: '100x30' },
      // No limit: the ratio is infinite.
      { redis_memory_used_bytes: '90x30', redis_memory_max_bytes: '0x30' },
    ],
  },
  RedisAofWriteFailed: {
    fires: { redis_aof_enabled: '1x30', redis_aof_last_write_status: '0x30' },
    silent: [
      { redis_aof_enabled: '1x30', redis_aof_last_write_status: '1x30' },
      { redis_aof_enabled: '0x30', redis_aof_last_write_status: '0x30' },
    ],
  },
  RedisEvictingKeys: {
    fires: { redis_evicted_keys_total: step(8, 1) },
    sinceMinutes: 8,
    silent: [{ redis_evicted_keys_total: '9x30' }],
  },
  RedisRejectedConnections: {
    fires: { redis_rejected_connections_total: step(8, 1) },
    sinceMinutes: 8,
    silent: [{ redis_rejected_connections_total: '9x30' }],
  },
  MinioDown: {
    fires: { [up('minio')]: '0x30' },
    labels: { job: 'minio', instance: 'minio:1' },
    silent: [{ [up('minio')]: '1x30' }],
  },
  MinioEventsLost: {
    fires: { 'minio_notify_target_failed_events{target_id="FAST"}': '0+1.3x30' },
    sinceMinutes: 4,
    labels: { target_id: 'FAST' },
    silent: [
      { 'minio_notify_target_failed_events{target_id="FAST"}': '0+0.8x30' },
      { minio_notify_events_skipped_total: '4x30' },
    ],
  },
  MinioEventQueueBacklog: {
    fires: { minio_notify_target_queue_length: '120x30' },
    silent: [{ minio_notify_target_queue_length: '90x30' }],
  },
  MinioDiskSpaceLow: {
    fires: {
      minio_cluster_capacity_usable_free_bytes: '8x30',
      minio_cluster_capacity_usable_total_bytes: '100x30',
    },
    silent: [
      {
        minio_cluster_capacity_usable_free_bytes: '12x30',
        minio_cluster_capacity_usable_total_bytes: '100x30',
      },
    ],
  },
  MinioDriveOffline: {
    fires: { minio_cluster_drive_offline_total: '1x30' },
    silent: [{ minio_cluster_drive_offline_total: '0x30' }],
  },
  MinioServerErrors: {
    fires: {
      minio_s3_requests_errors_total: '0+10x30',
      minio_s3_requests_4xx_errors_total: '0+4x30',
      minio_s3_requests_total: '0+100x30',
    },
    sinceMinutes: 1,
    silent: [
      {
        minio_s3_requests_errors_total: '0+10x30',
        minio_s3_requests_4xx_errors_total: '0+6x30',
        minio_s3_requests_total: '0+100x30',
      },
    ],
  },
  TargetDown: {
    fires: { [up('node')]: '0x30' },
    labels: { job: 'node', instance: 'node:1' },
    silent: [{ [up('node')]: '1x30' }],
  },
  AlertmanagerAway: {
    fires: { prometheus_notifications_alertmanagers_discovered: '0x30' },
    silent: [{ prometheus_notifications_alertmanagers_discovered: '1x30' }],
  },
  AlertsNotDelivered: {
    fires: { 'prometheus_notifications_errors_total{alertmanager="a"}': '0+1x30' },
    sinceMinutes: 1,
    labels: { alertmanager: 'a' },
    silent: [{ 'prometheus_notifications_errors_total{alertmanager="a"}': '7x30' }],
  },
  RulesFail: {
    fires: { 'prometheus_rule_evaluation_failures_total{rule_group="g"}': step(8, 1) },
    sinceMinutes: 8,
    labels: { rule_group: 'g' },
    silent: [{ 'prometheus_rule_evaluation_failures_total{rule_group="g"}': '3x30' }],
  },
  HostDiskLow: {
    fires: {
      'node_filesystem_avail_bytes{mountpoint="/",fstype="ext4"}': '8x30',
      'node_filesystem_size_bytes{mountpoint="/",fstype="ext4"}': '100x30',
    },
    labels: { mountpoint: '/', fstype: 'ext4' },
    silent: [
      {
        'node_filesystem_avail_bytes{mountpoint="/",fstype="ext4"}': '12x30',
        'node_filesystem_size_bytes{mountpoint="/",fstype="ext4"}': '100x30',
      },
      {
        'node_filesystem_avail_bytes{mountpoint="/run",fstype="tmpfs"}': '1x30',
        'node_filesystem_size_bytes{mountpoint="/run",fstype="tmpfs"}': '100x30',
      },
    ],
  },
  HostMemoryLow: {
    fires: { node_memory_MemAvailable_bytes: '4x30', node_memory_MemTotal_bytes: '100x30' },
    silent: [{ node_memory_MemAvailable_bytes: '6x30', node_memory_MemTotal_bytes: '100x30' }],
  },
  Watchdog: { fires: { up: '1x5' }, silent: [] },
}
