-- Changes of alarms, by the time they happened. Marker rows as in anomalies: device '$sink', sequence = last log offset covered, occurrences =
-- number of offsets covered. A value that is not known is NaN; times that are not known are 1970.
CREATE TABLE alarms (
    device LowCardinality(String), sensor LowCardinality(String),
    event_time DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    id String CODEC(ZSTD(1)), change String CODEC(ZSTD(1)),
    transition LowCardinality(String), status LowCardinality(String), previous LowCardinality(String),
    source LowCardinality(String), kind LowCardinality(String), priority LowCardinality(String),
    severity UInt16 CODEC(ZSTD(1)),
    condition_time DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    raised_time DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    cleared_time DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    acknowledged_time DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    shelved_until DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    active UInt8 CODEC(ZSTD(1)),
    value Float64 CODEC(ZSTD(1)), unit LowCardinality(String), text String CODEC(ZSTD(1)),
    person LowCardinality(String), comment String CODEC(ZSTD(1)), inhibited_by String CODEC(ZSTD(1)),
    incident String CODEC(ZSTD(1)), command String CODEC(ZSTD(1)),
    occurrences UInt64 CODEC(ZSTD(1)),
    sequence UInt64 CODEC(ZSTD(1)))
ENGINE = MergeTree PARTITION BY toYYYYMM(event_time) ORDER BY (event_time, device, id)
TTL toDateTime(least(toInt64(toUnixTimestamp(event_time)) + 63072000, 4294967295))
SETTINGS ttl_only_drop_parts = 1,
         auto_statistics_types = '', old_parts_lifetime = 480,
         fsync_after_insert = 1, fsync_part_directory = 1,
         min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
         max_suspicious_broken_parts = 100000, max_suspicious_broken_parts_bytes = 1000000000000;

CREATE VIEW alarms_data AS SELECT * FROM alarms WHERE device != '$sink';
