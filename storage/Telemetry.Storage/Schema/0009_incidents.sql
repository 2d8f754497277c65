-- Every record of an incident, by the time it started: the one with the highest revision counts. Marker rows as in anomalies: device '$sink',
-- sequence = last log offset covered, run_length = number of offsets covered. What is not known of a value is NaN; end_time is 1970 while it is open.
CREATE TABLE incidents (
    device LowCardinality(String), sensor LowCardinality(String),
    event_time DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    id String CODEC(ZSTD(1)), revision UInt32 CODEC(ZSTD(1)),
    kind LowCardinality(String), state LowCardinality(String), direction LowCardinality(String),
    severity UInt16 CODEC(ZSTD(1)),
    peak_time DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    last_time DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    end_time DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    value Float64 CODEC(ZSTD(1)),
    usual_low Float64 CODEC(ZSTD(1)), usual_high Float64 CODEC(ZSTD(1)), spreads Float64 CODEC(ZSTD(1)),
    from_level Float64 CODEC(ZSTD(1)), to_level Float64 CODEC(ZSTD(1)),
    run_length UInt64 CODEC(ZSTD(1)), usual_run_length UInt64 CODEC(ZSTD(1)),
    score Float64 CODEC(ZSTD(1)),
    unit LowCardinality(String), text String CODEC(ZSTD(1)), detail String CODEC(ZSTD(1)),
    sensors Array(String) CODEC(ZSTD(1)), parts String CODEC(ZSTD(1)), sensor_count UInt32 CODEC(ZSTD(1)),
    detectors Array(String) CODEC(ZSTD(1)), late UInt8 CODEC(ZSTD(1)),
    boot UInt64 CODEC(ZSTD(1)), sequence UInt64 CODEC(ZSTD(1)))
ENGINE = MergeTree PARTITION BY toYYYYMM(event_time) ORDER BY (event_time, device, id, revision)
TTL toDateTime(least(toInt64(toUnixTimestamp(event_time)) + 63072000, 4294967295))
SETTINGS ttl_only_drop_parts = 1,
         auto_statistics_types = '', old_parts_lifetime = 480,
         fsync_after_insert = 1, fsync_part_directory = 1,
         min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
         max_suspicious_broken_parts = 100000, max_suspicious_broken_parts_bytes = 1000000000000;

CREATE VIEW incidents_data AS SELECT * FROM incidents WHERE device != '$sink';
