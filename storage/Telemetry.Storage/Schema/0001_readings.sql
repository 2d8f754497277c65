-- Raw readings, and among them the sink's marker rows (device '$sink'): which log offsets this table holds.
-- No view is attached here: readings and rollups are separate targets, each exact by its own markers.
-- The TTL is least(...) because a TTL is 32 bits of seconds: beyond 2106 it would wrap and remove fresh rows.
-- (device, boot, sequence) is the event id. old_parts_lifetime: the engine's default of 0 is not safe against power loss.
CREATE TABLE readings (
    sensor LowCardinality(String),
    device LowCardinality(String),
    event_time DateTime64(6, 'UTC') CODEC(GCD, Delta, ZSTD(1)),
    value Float64 CODEC(Delta, ZSTD(1)),
    quality UInt8 CODEC(ZSTD(1)),
    boot UInt64 CODEC(ZSTD(1)),
    sequence UInt64 CODEC(DoubleDelta, ZSTD(1)))
ENGINE = MergeTree PARTITION BY toYYYYMM(event_time) ORDER BY (sensor, device, event_time)
TTL toDateTime(least(toInt64(toUnixTimestamp(event_time)) + 63072000, 4294967295))
SETTINGS ttl_only_drop_parts = 1,
         auto_statistics_types = '', old_parts_lifetime = 480,
         fsync_after_insert = 1, fsync_part_directory = 1,
         min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
         max_suspicious_broken_parts = 100000, max_suspicious_broken_parts_bytes = 1000000000000;

CREATE VIEW readings_data AS SELECT * FROM readings WHERE device != '$sink';
