-- Anomalies and device events. Marker rows as in readings: device '$sink', sequence = last log offset covered,
-- value or figure = number of offsets covered.
CREATE TABLE anomalies (
    device LowCardinality(String), sensor LowCardinality(String),
    event_time DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    value Float64 CODEC(ZSTD(1)),
    kind LowCardinality(String), detector LowCardinality(String), mode LowCardinality(String),
    score Float64 CODEC(ZSTD(1)), p_value Float64 CODEC(ZSTD(1)), martingale Float64 CODEC(ZSTD(1)),
    boot UInt64 CODEC(ZSTD(1)), sequence UInt64 CODEC(ZSTD(1)),
    reason String CODEC(ZSTD(1)))
ENGINE = MergeTree PARTITION BY toYYYYMM(event_time) ORDER BY (event_time, device, sensor)
TTL toDateTime(least(toInt64(toUnixTimestamp(event_time)) + 63072000, 4294967295))
SETTINGS ttl_only_drop_parts = 1,
         auto_statistics_types = '', old_parts_lifetime = 480,
         fsync_after_insert = 1, fsync_part_directory = 1,
         min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
         max_suspicious_broken_parts = 100000, max_suspicious_broken_parts_bytes = 1000000000000;

CREATE VIEW anomalies_data AS SELECT * FROM anomalies WHERE device != '$sink';

CREATE TABLE device_events (
    device LowCardinality(String), sensor LowCardinality(String),
    event_time DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    kind LowCardinality(String),
    figure Int64 CODEC(ZSTD(1)),
    boot UInt64 CODEC(ZSTD(1)), sequence UInt64 CODEC(ZSTD(1)),
    detail String CODEC(ZSTD(1)))
ENGINE = MergeTree PARTITION BY toYYYYMM(event_time) ORDER BY (event_time, device)
TTL toDateTime(least(toInt64(toUnixTimestamp(event_time)) + 63072000, 4294967295))
SETTINGS ttl_only_drop_parts = 1,
         auto_statistics_types = '', old_parts_lifetime = 480,
         fsync_after_insert = 1, fsync_part_directory = 1,
         min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
         max_suspicious_broken_parts = 100000, max_suspicious_broken_parts_bytes = 1000000000000;

CREATE VIEW device_events_data AS SELECT * EXCEPT (sensor) FROM device_events WHERE device != '$sink';
