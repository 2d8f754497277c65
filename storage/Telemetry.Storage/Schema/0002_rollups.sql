-- Rollups by minute, hour and day. Rows of one bucket lie in several parts until merged: always aggregate again
-- (sum(n), min(vmin), max(vmax), sum(vsum), sum(vsq), min(first), max(last), quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(q)).
-- n counts every reading. NaN and infinities are legal readings and count in n alone: all other columns are over the
-- n_finite finite values, with neutral elements where there is none (vmin inf, vmax -inf, first 2299, last 1970), so
-- that they never poison a bucket; a bucket with sum(n_finite) = 0 has no minimum, maximum, mean, first or last.
-- Marker rows (device '$sink') carry in mark_lo, mark_hi and n which log offsets a table holds.
CREATE TABLE readings_1m (
    sensor LowCardinality(String),
    device LowCardinality(String),
    ts DateTime('UTC') CODEC(Delta, ZSTD(1)),
    n SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    n_finite SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    vmin SimpleAggregateFunction(min, Float64) CODEC(Delta, ZSTD(1)),
    vmax SimpleAggregateFunction(max, Float64) CODEC(Delta, ZSTD(1)),
    vsum SimpleAggregateFunction(sum, Float64) CODEC(Delta, ZSTD(1)),
    vsq SimpleAggregateFunction(sum, Float64) CODEC(Delta, ZSTD(1)),
    first SimpleAggregateFunction(min, Tuple(DateTime64(6, 'UTC'), Float64)) CODEC(ZSTD(1)),
    last SimpleAggregateFunction(max, Tuple(DateTime64(6, 'UTC'), Float64)) CODEC(ZSTD(1)),
    mark_lo SimpleAggregateFunction(min, UInt64) CODEC(ZSTD(1)),
    mark_hi SimpleAggregateFunction(max, UInt64) CODEC(ZSTD(1)))
ENGINE = AggregatingMergeTree PARTITION BY toYYYYMM(ts) ORDER BY (sensor, device, ts)
TTL toDateTime(least(toInt64(toUnixTimestamp(ts)) + 7776000, 4294967295))
SETTINGS ttl_only_drop_parts = 1,
         auto_statistics_types = '', old_parts_lifetime = 480,
         fsync_after_insert = 1, fsync_part_directory = 1,
         min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
         max_suspicious_broken_parts = 100000, max_suspicious_broken_parts_bytes = 1000000000000;

CREATE VIEW readings_1m_data AS SELECT * FROM readings_1m WHERE device != '$sink';

CREATE TABLE readings_1h (
    sensor LowCardinality(String),
    device LowCardinality(String),
    ts DateTime('UTC') CODEC(Delta, ZSTD(1)),
    n SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    n_finite SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    vmin SimpleAggregateFunction(min, Float64) CODEC(Delta, ZSTD(1)),
    vmax SimpleAggregateFunction(max, Float64) CODEC(Delta, ZSTD(1)),
    vsum SimpleAggregateFunction(sum, Float64) CODEC(Delta, ZSTD(1)),
    vsq SimpleAggregateFunction(sum, Float64) CODEC(Delta, ZSTD(1)),
    first SimpleAggregateFunction(min, Tuple(DateTime64(6, 'UTC'), Float64)) CODEC(ZSTD(1)),
    last SimpleAggregateFunction(max, Tuple(DateTime64(6, 'UTC'), Float64)) CODEC(ZSTD(1)),
    mark_lo SimpleAggregateFunction(min, UInt64) CODEC(ZSTD(1)),
    mark_hi SimpleAggregateFunction(max, UInt64) CODEC(ZSTD(1)),
    q AggregateFunction(quantilesDD(0.01, 0.5, 0.95, 0.99), Float64) CODEC(ZSTD(1)))
ENGINE = AggregatingMergeTree PARTITION BY toYYYYMM(ts) ORDER BY (sensor, device, ts)
SETTINGS auto_statistics_types = '', old_parts_lifetime = 480,
         fsync_after_insert = 1, fsync_part_directory = 1,
         min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
         max_suspicious_broken_parts = 100000, max_suspicious_broken_parts_bytes = 1000000000000;

CREATE VIEW readings_1h_data AS SELECT * FROM readings_1h WHERE device != '$sink';

CREATE TABLE readings_1d (
    sensor LowCardinality(String),
    device LowCardinality(String),
    ts DateTime('UTC') CODEC(Delta, ZSTD(1)),
    n SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    n_finite SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    vmin SimpleAggregateFunction(min, Float64) CODEC(Delta, ZSTD(1)),
    vmax SimpleAggregateFunction(max, Float64) CODEC(Delta, ZSTD(1)),
    vsum SimpleAggregateFunction(sum, Float64) CODEC(Delta, ZSTD(1)),
    vsq SimpleAggregateFunction(sum, Float64) CODEC(Delta, ZSTD(1)),
    first SimpleAggregateFunction(min, Tuple(DateTime64(6, 'UTC'), Float64)) CODEC(ZSTD(1)),
    last SimpleAggregateFunction(max, Tuple(DateTime64(6, 'UTC'), Float64)) CODEC(ZSTD(1)),
    mark_lo SimpleAggregateFunction(min, UInt64) CODEC(ZSTD(1)),
    mark_hi SimpleAggregateFunction(max, UInt64) CODEC(ZSTD(1)),
    q AggregateFunction(quantilesDD(0.01, 0.5, 0.95, 0.99), Float64) CODEC(ZSTD(1)))
ENGINE = AggregatingMergeTree PARTITION BY toYear(ts) ORDER BY (sensor, device, ts)
SETTINGS auto_statistics_types = '', old_parts_lifetime = 480,
         fsync_after_insert = 1, fsync_part_directory = 1,
         min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
         max_suspicious_broken_parts = 100000, max_suspicious_broken_parts_bytes = 1000000000000;

CREATE VIEW readings_1d_data AS SELECT * FROM readings_1d WHERE device != '$sink';

-- The newest reading of each series, finite or not: (event time, sequence, value, quality). Partitioned by nothing, kept for good.
CREATE TABLE readings_last (
    sensor LowCardinality(String),
    device LowCardinality(String),
    n SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    last SimpleAggregateFunction(max, Tuple(DateTime64(6, 'UTC'), UInt64, Float64, UInt8)) CODEC(ZSTD(1)),
    mark_lo SimpleAggregateFunction(min, UInt64) CODEC(ZSTD(1)),
    mark_hi SimpleAggregateFunction(max, UInt64) CODEC(ZSTD(1)))
ENGINE = AggregatingMergeTree ORDER BY (sensor, device)
SETTINGS auto_statistics_types = '', old_parts_lifetime = 480,
         fsync_after_insert = 1, fsync_part_directory = 1,
         min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
         max_suspicious_broken_parts = 100000, max_suspicious_broken_parts_bytes = 1000000000000;

CREATE VIEW readings_last_data AS SELECT * FROM readings_last WHERE device != '$sink';
