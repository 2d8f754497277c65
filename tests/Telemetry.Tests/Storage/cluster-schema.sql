CREATE TABLE IF NOT EXISTS readings ON CLUSTER 'telemetry' (
    sensor LowCardinality(String),
    device LowCardinality(String),
    event_time DateTime64(6, 'UTC') CODEC(GCD, Delta, ZSTD(1)),
    value Float64 CODEC(Delta, ZSTD(1)),
    quality UInt8 CODEC(ZSTD(1)),
    boot UInt64 CODEC(ZSTD(1)),
    sequence UInt64 CODEC(DoubleDelta, ZSTD(1)))
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}') PARTITION BY toYYYYMM(event_time) ORDER BY (sensor, device, event_time)
TTL toDateTime(least(toInt64(toUnixTimestamp(event_time)) + 63072000, 4294967295))
SETTINGS ttl_only_drop_parts = 1,
         auto_statistics_types = '', old_parts_lifetime = 480,
         fsync_after_insert = 1, fsync_part_directory = 1,
         min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
         max_suspicious_broken_parts = 100000, max_suspicious_broken_parts_bytes = 1000000000000;

CREATE VIEW IF NOT EXISTS readings_data_local ON CLUSTER 'telemetry' AS SELECT * FROM readings WHERE device != '$sink';

CREATE TABLE IF NOT EXISTS readings_data ON CLUSTER 'telemetry' AS readings_data_local ENGINE = Distributed('telemetry', 'iot', 'readings_data_local');

CREATE TABLE IF NOT EXISTS readings_1m ON CLUSTER 'telemetry' (
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
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}') PARTITION BY toYYYYMM(ts) ORDER BY (sensor, device, ts)
TTL toDateTime(least(toInt64(toUnixTimestamp(ts)) + 7776000, 4294967295))
SETTINGS ttl_only_drop_parts = 1,
         auto_statistics_types = '', old_parts_lifetime = 480,
         fsync_after_insert = 1, fsync_part_directory = 1,
         min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
         max_suspicious_broken_parts = 100000, max_suspicious_broken_parts_bytes = 1000000000000;

CREATE VIEW IF NOT EXISTS readings_1m_data_local ON CLUSTER 'telemetry' AS SELECT * FROM readings_1m WHERE device != '$sink';

CREATE TABLE IF NOT EXISTS readings_1m_data ON CLUSTER 'telemetry' AS readings_1m_data_local ENGINE = Distributed('telemetry', 'iot', 'readings_1m_data_local');

CREATE TABLE IF NOT EXISTS readings_1h ON CLUSTER 'telemetry' (
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
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}') PARTITION BY toYYYYMM(ts) ORDER BY (sensor, device, ts)
SETTINGS auto_statistics_types = '', old_parts_lifetime = 480,
         fsync_after_insert = 1, fsync_part_directory = 1,
         min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
         max_suspicious_broken_parts = 100000, max_suspicious_broken_parts_bytes = 1000000000000;

CREATE VIEW IF NOT EXISTS readings_1h_data_local ON CLUSTER 'telemetry' AS SELECT * FROM readings_1h WHERE device != '$sink';

CREATE TABLE IF NOT EXISTS readings_1h_data ON CLUSTER 'telemetry' AS readings_1h_data_local ENGINE = Distributed('telemetry', 'iot', 'readings_1h_data_local');

CREATE TABLE IF NOT EXISTS readings_1d ON CLUSTER 'telemetry' (
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
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}') PARTITION BY toYear(ts) ORDER BY (sensor, device, ts)
SETTINGS auto_statistics_types = '', old_parts_lifetime = 480,
         fsync_after_insert = 1, fsync_part_directory = 1,
         min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
         max_suspicious_broken_parts = 100000, max_suspicious_broken_parts_bytes = 1000000000000;

CREATE VIEW IF NOT EXISTS readings_1d_data_local ON CLUSTER 'telemetry' AS SELECT * FROM readings_1d WHERE device != '$sink';

CREATE TABLE IF NOT EXISTS readings_1d_data ON CLUSTER 'telemetry' AS readings_1d_data_local ENGINE = Distributed('telemetry', 'iot', 'readings_1d_data_local');

CREATE TABLE IF NOT EXISTS readings_last ON CLUSTER 'telemetry' (
    sensor LowCardinality(String),
    device LowCardinality(String),
    n SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    last SimpleAggregateFunction(max, Tuple(DateTime64(6, 'UTC'), UInt64, Float64, UInt8)) CODEC(ZSTD(1)),
    mark_lo SimpleAggregateFunction(min, UInt64) CODEC(ZSTD(1)),
    mark_hi SimpleAggregateFunction(max, UInt64) CODEC(ZSTD(1)))
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}') ORDER BY (sensor, device)
SETTINGS auto_statistics_types = '', old_parts_lifetime = 480,
         fsync_after_insert = 1, fsync_part_directory = 1,
         min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
         max_suspicious_broken_parts = 100000, max_suspicious_broken_parts_bytes = 1000000000000;

CREATE VIEW IF NOT EXISTS readings_last_data_local ON CLUSTER 'telemetry' AS SELECT * FROM readings_last WHERE device != '$sink';

CREATE TABLE IF NOT EXISTS readings_last_data ON CLUSTER 'telemetry' AS readings_last_data_local ENGINE = Distributed('telemetry', 'iot', 'readings_last_data_local');

CREATE TABLE IF NOT EXISTS rollup_in ON CLUSTER 'telemetry' (
    sensor LowCardinality(String), device LowCardinality(String), event_time DateTime64(6, 'UTC'),
    value Float64, quality UInt8, sequence UInt64)
ENGINE = Null;

CREATE TABLE IF NOT EXISTS fix_1m ON CLUSTER 'telemetry' AS rollup_in;

CREATE TABLE IF NOT EXISTS fix_1h ON CLUSTER 'telemetry' AS rollup_in;

CREATE TABLE IF NOT EXISTS fix_1d ON CLUSTER 'telemetry' AS rollup_in;

CREATE TABLE IF NOT EXISTS fix_last ON CLUSTER 'telemetry' AS rollup_in;

CREATE MATERIALIZED VIEW IF NOT EXISTS mv_1m ON CLUSTER 'telemetry' TO readings_1m AS
SELECT sensor, device, toDateTime(toStartOfMinute(event_time), 'UTC') AS ts,
       sum(if(device = '$sink', toUInt64(value), 1)) AS n,
       countIf(isFinite(value)) AS n_finite,
       min(if(isFinite(value), value, inf)) AS vmin,
       max(if(isFinite(value), value, -inf)) AS vmax,
       sum(if(isFinite(value), value, 0.)) AS vsum,
       sum(if(isFinite(value), value * value, 0.)) AS vsq,
       min(if(isFinite(value), (event_time, value), (toDateTime64('2299-12-31 00:00:00', 6, 'UTC'), 0.))) AS first,
       max(if(isFinite(value), (event_time, value), (toDateTime64('1970-01-01 00:00:00', 6, 'UTC'), 0.))) AS last,
       min(if(device = '$sink', sequence - toUInt64(value) + 1, 0)) AS mark_lo,
       max(if(device = '$sink', sequence, 0)) AS mark_hi
FROM rollup_in GROUP BY sensor, device, ts;

CREATE MATERIALIZED VIEW IF NOT EXISTS mvfix_1m ON CLUSTER 'telemetry' TO readings_1m AS
SELECT sensor, device, toDateTime(toStartOfMinute(event_time), 'UTC') AS ts,
       sum(if(device = '$sink', toUInt64(value), 1)) AS n,
       countIf(isFinite(value)) AS n_finite,
       min(if(isFinite(value), value, inf)) AS vmin,
       max(if(isFinite(value), value, -inf)) AS vmax,
       sum(if(isFinite(value), value, 0.)) AS vsum,
       sum(if(isFinite(value), value * value, 0.)) AS vsq,
       min(if(isFinite(value), (event_time, value), (toDateTime64('2299-12-31 00:00:00', 6, 'UTC'), 0.))) AS first,
       max(if(isFinite(value), (event_time, value), (toDateTime64('1970-01-01 00:00:00', 6, 'UTC'), 0.))) AS last,
       min(if(device = '$sink', sequence - toUInt64(value) + 1, 0)) AS mark_lo,
       max(if(device = '$sink', sequence, 0)) AS mark_hi
FROM fix_1m GROUP BY sensor, device, ts;

CREATE MATERIALIZED VIEW IF NOT EXISTS mv_1h ON CLUSTER 'telemetry' TO readings_1h AS
SELECT sensor, device, toDateTime(toStartOfHour(event_time), 'UTC') AS ts,
       sum(if(device = '$sink', toUInt64(value), 1)) AS n,
       countIf(isFinite(value)) AS n_finite,
       min(if(isFinite(value), value, inf)) AS vmin,
       max(if(isFinite(value), value, -inf)) AS vmax,
       sum(if(isFinite(value), value, 0.)) AS vsum,
       sum(if(isFinite(value), value * value, 0.)) AS vsq,
       min(if(isFinite(value), (event_time, value), (toDateTime64('2299-12-31 00:00:00', 6, 'UTC'), 0.))) AS first,
       max(if(isFinite(value), (event_time, value), (toDateTime64('1970-01-01 00:00:00', 6, 'UTC'), 0.))) AS last,
       min(if(device = '$sink', sequence - toUInt64(value) + 1, 0)) AS mark_lo,
       max(if(device = '$sink', sequence, 0)) AS mark_hi,
       quantilesDDStateIf(0.01, 0.5, 0.95, 0.99)(if(abs(value) < 1e-12, 0., least(greatest(value, -1e18), 1e18)), isFinite(value)) AS q
FROM rollup_in GROUP BY sensor, device, ts;

CREATE MATERIALIZED VIEW IF NOT EXISTS mvfix_1h ON CLUSTER 'telemetry' TO readings_1h AS
SELECT sensor, device, toDateTime(toStartOfHour(event_time), 'UTC') AS ts,
       sum(if(device = '$sink', toUInt64(value), 1)) AS n,
       countIf(isFinite(value)) AS n_finite,
       min(if(isFinite(value), value, inf)) AS vmin,
       max(if(isFinite(value), value, -inf)) AS vmax,
       sum(if(isFinite(value), value, 0.)) AS vsum,
       sum(if(isFinite(value), value * value, 0.)) AS vsq,
       min(if(isFinite(value), (event_time, value), (toDateTime64('2299-12-31 00:00:00', 6, 'UTC'), 0.))) AS first,
       max(if(isFinite(value), (event_time, value), (toDateTime64('1970-01-01 00:00:00', 6, 'UTC'), 0.))) AS last,
       min(if(device = '$sink', sequence - toUInt64(value) + 1, 0)) AS mark_lo,
       max(if(device = '$sink', sequence, 0)) AS mark_hi,
       quantilesDDStateIf(0.01, 0.5, 0.95, 0.99)(if(abs(value) < 1e-12, 0., least(greatest(value, -1e18), 1e18)), isFinite(value)) AS q
FROM fix_1h GROUP BY sensor, device, ts;

CREATE MATERIALIZED VIEW IF NOT EXISTS mv_1d ON CLUSTER 'telemetry' TO readings_1d AS
SELECT sensor, device, toDateTime(toStartOfDay(event_time), 'UTC') AS ts,
       sum(if(device = '$sink', toUInt64(value), 1)) AS n,
       countIf(isFinite(value)) AS n_finite,
       min(if(isFinite(value), value, inf)) AS vmin,
       max(if(isFinite(value), value, -inf)) AS vmax,
       sum(if(isFinite(value), value, 0.)) AS vsum,
       sum(if(isFinite(value), value * value, 0.)) AS vsq,
       min(if(isFinite(value), (event_time, value), (toDateTime64('2299-12-31 00:00:00', 6, 'UTC'), 0.))) AS first,
       max(if(isFinite(value), (event_time, value), (toDateTime64('1970-01-01 00:00:00', 6, 'UTC'), 0.))) AS last,
       min(if(device = '$sink', sequence - toUInt64(value) + 1, 0)) AS mark_lo,
       max(if(device = '$sink', sequence, 0)) AS mark_hi,
       quantilesDDStateIf(0.01, 0.5, 0.95, 0.99)(if(abs(value) < 1e-12, 0., least(greatest(value, -1e18), 1e18)), isFinite(value)) AS q
FROM rollup_in GROUP BY sensor, device, ts;

CREATE MATERIALIZED VIEW IF NOT EXISTS mvfix_1d ON CLUSTER 'telemetry' TO readings_1d AS
SELECT sensor, device, toDateTime(toStartOfDay(event_time), 'UTC') AS ts,
       sum(if(device = '$sink', toUInt64(value), 1)) AS n,
       countIf(isFinite(value)) AS n_finite,
       min(if(isFinite(value), value, inf)) AS vmin,
       max(if(isFinite(value), value, -inf)) AS vmax,
       sum(if(isFinite(value), value, 0.)) AS vsum,
       sum(if(isFinite(value), value * value, 0.)) AS vsq,
       min(if(isFinite(value), (event_time, value), (toDateTime64('2299-12-31 00:00:00', 6, 'UTC'), 0.))) AS first,
       max(if(isFinite(value), (event_time, value), (toDateTime64('1970-01-01 00:00:00', 6, 'UTC'), 0.))) AS last,
       min(if(device = '$sink', sequence - toUInt64(value) + 1, 0)) AS mark_lo,
       max(if(device = '$sink', sequence, 0)) AS mark_hi,
       quantilesDDStateIf(0.01, 0.5, 0.95, 0.99)(if(abs(value) < 1e-12, 0., least(greatest(value, -1e18), 1e18)), isFinite(value)) AS q
FROM fix_1d GROUP BY sensor, device, ts;

CREATE MATERIALIZED VIEW IF NOT EXISTS mv_last ON CLUSTER 'telemetry' TO readings_last AS
SELECT sensor, device, sum(if(device = '$sink', toUInt64(value), 1)) AS n,
       max((event_time, sequence, value, quality)) AS last,
       min(if(device = '$sink', sequence - toUInt64(value) + 1, 0)) AS mark_lo,
       max(if(device = '$sink', sequence, 0)) AS mark_hi
FROM rollup_in GROUP BY sensor, device;

CREATE MATERIALIZED VIEW IF NOT EXISTS mvfix_last ON CLUSTER 'telemetry' TO readings_last AS
SELECT sensor, device, sum(if(device = '$sink', toUInt64(value), 1)) AS n,
       max((event_time, sequence, value, quality)) AS last,
       min(if(device = '$sink', sequence - toUInt64(value) + 1, 0)) AS mark_lo,
       max(if(device = '$sink', sequence, 0)) AS mark_hi
FROM fix_last GROUP BY sensor, device;

CREATE TABLE IF NOT EXISTS anomalies ON CLUSTER 'telemetry' (
    device LowCardinality(String), sensor LowCardinality(String),
    event_time DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    value Float64 CODEC(ZSTD(1)),
    kind LowCardinality(String), detector LowCardinality(String), mode LowCardinality(String),
    score Float64 CODEC(ZSTD(1)), p_value Float64 CODEC(ZSTD(1)), martingale Float64 CODEC(ZSTD(1)),
    boot UInt64 CODEC(ZSTD(1)), sequence UInt64 CODEC(ZSTD(1)),
    reason String CODEC(ZSTD(1)))
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}') PARTITION BY toYYYYMM(event_time) ORDER BY (event_time, device, sensor)
TTL toDateTime(least(toInt64(toUnixTimestamp(event_time)) + 63072000, 4294967295))
SETTINGS ttl_only_drop_parts = 1,
         auto_statistics_types = '', old_parts_lifetime = 480,
         fsync_after_insert = 1, fsync_part_directory = 1,
         min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
         max_suspicious_broken_parts = 100000, max_suspicious_broken_parts_bytes = 1000000000000;

CREATE VIEW IF NOT EXISTS anomalies_data_local ON CLUSTER 'telemetry' AS SELECT * FROM anomalies WHERE device != '$sink';

CREATE TABLE IF NOT EXISTS anomalies_data ON CLUSTER 'telemetry' AS anomalies_data_local ENGINE = Distributed('telemetry', 'iot', 'anomalies_data_local');

CREATE TABLE IF NOT EXISTS device_events ON CLUSTER 'telemetry' (
    device LowCardinality(String), sensor LowCardinality(String),
    event_time DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    kind LowCardinality(String),
    figure Int64 CODEC(ZSTD(1)),
    boot UInt64 CODEC(ZSTD(1)), sequence UInt64 CODEC(ZSTD(1)),
    detail String CODEC(ZSTD(1)))
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}') PARTITION BY toYYYYMM(event_time) ORDER BY (event_time, device)
TTL toDateTime(least(toInt64(toUnixTimestamp(event_time)) + 63072000, 4294967295))
SETTINGS ttl_only_drop_parts = 1,
         auto_statistics_types = '', old_parts_lifetime = 480,
         fsync_after_insert = 1, fsync_part_directory = 1,
         min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
         max_suspicious_broken_parts = 100000, max_suspicious_broken_parts_bytes = 1000000000000;

CREATE VIEW IF NOT EXISTS device_events_data_local ON CLUSTER 'telemetry' AS SELECT * EXCEPT (sensor) FROM device_events WHERE device != '$sink';

CREATE TABLE IF NOT EXISTS device_events_data ON CLUSTER 'telemetry' AS device_events_data_local ENGINE = Distributed('telemetry', 'iot', 'device_events_data_local');

CREATE TABLE IF NOT EXISTS broken_parts ON CLUSTER 'telemetry' (
    table String, part String, partition Int32, noted DateTime64(6, 'UTC'))
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}') ORDER BY (table, part, partition)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480;

CREATE TABLE IF NOT EXISTS sink_claims ON CLUSTER 'telemetry' (
    source LowCardinality(String), partition UInt32, claim SimpleAggregateFunction(max, Tuple(UInt64, String)))
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}') ORDER BY (source, partition)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480;

CREATE TABLE IF NOT EXISTS horizon_floors ON CLUSTER 'telemetry' (
    table LowCardinality(String), complete_from SimpleAggregateFunction(max, DateTime64(6, 'UTC')))
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/all/{database}/{table}', '{shard}-{replica}') ORDER BY table
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480;

ALTER TABLE readings_1m ON CLUSTER 'telemetry' ADD COLUMN IF NOT EXISTS first_reading
    SimpleAggregateFunction(min, Tuple(time DateTime64(6, 'UTC'), sequence UInt64, value Float64))
    DEFAULT (tupleElement(first, 1), toUInt64(0), tupleElement(first, 2)) CODEC(ZSTD(1));

ALTER TABLE readings_1m ON CLUSTER 'telemetry' ADD COLUMN IF NOT EXISTS last_reading
    SimpleAggregateFunction(max, Tuple(time DateTime64(6, 'UTC'), sequence UInt64, value Float64))
    DEFAULT (tupleElement(last, 1), toUInt64(0), tupleElement(last, 2)) CODEC(ZSTD(1));

ALTER TABLE readings_1m ON CLUSTER 'telemetry' ADD COLUMN IF NOT EXISTS vsum_scaled SimpleAggregateFunction(sum, Float64) CODEC(Delta, ZSTD(1));

ALTER TABLE readings_1h ON CLUSTER 'telemetry' ADD COLUMN IF NOT EXISTS first_reading
    SimpleAggregateFunction(min, Tuple(time DateTime64(6, 'UTC'), sequence UInt64, value Float64))
    DEFAULT (tupleElement(first, 1), toUInt64(0), tupleElement(first, 2)) CODEC(ZSTD(1));

ALTER TABLE readings_1h ON CLUSTER 'telemetry' ADD COLUMN IF NOT EXISTS last_reading
    SimpleAggregateFunction(max, Tuple(time DateTime64(6, 'UTC'), sequence UInt64, value Float64))
    DEFAULT (tupleElement(last, 1), toUInt64(0), tupleElement(last, 2)) CODEC(ZSTD(1));

ALTER TABLE readings_1h ON CLUSTER 'telemetry' ADD COLUMN IF NOT EXISTS vsum_scaled SimpleAggregateFunction(sum, Float64) CODEC(Delta, ZSTD(1));

ALTER TABLE readings_1d ON CLUSTER 'telemetry' ADD COLUMN IF NOT EXISTS first_reading
    SimpleAggregateFunction(min, Tuple(time DateTime64(6, 'UTC'), sequence UInt64, value Float64))
    DEFAULT (tupleElement(first, 1), toUInt64(0), tupleElement(first, 2)) CODEC(ZSTD(1));

ALTER TABLE readings_1d ON CLUSTER 'telemetry' ADD COLUMN IF NOT EXISTS last_reading
    SimpleAggregateFunction(max, Tuple(time DateTime64(6, 'UTC'), sequence UInt64, value Float64))
    DEFAULT (tupleElement(last, 1), toUInt64(0), tupleElement(last, 2)) CODEC(ZSTD(1));

ALTER TABLE readings_1d ON CLUSTER 'telemetry' ADD COLUMN IF NOT EXISTS vsum_scaled SimpleAggregateFunction(sum, Float64) CODEC(Delta, ZSTD(1));

ALTER TABLE mv_1m ON CLUSTER 'telemetry' MODIFY QUERY
SELECT sensor, device, toDateTime(toStartOfMinute(event_time), 'UTC') AS ts,
       sum(if(device = '$sink', toUInt64(value), 1)) AS n,
       countIf(isFinite(value)) AS n_finite,
       min(if(isFinite(value), value, inf)) AS vmin,
       max(if(isFinite(value), value, -inf)) AS vmax,
       sum(if(isFinite(value) AND abs(value) < exp2(960), value, 0.)) AS vsum,
       sum(if(isFinite(value) AND abs(value) >= exp2(960), value * exp2(-64), 0.)) AS vsum_scaled,
       sum(if(isFinite(value), value * value, 0.)) AS vsq,
       min(if(isFinite(value), (event_time, sequence, value), (toDateTime64('2299-12-31 00:00:00', 6, 'UTC'), toUInt64(0), 0.))) AS first_reading,
       max(if(isFinite(value), (event_time, sequence, value), (toDateTime64('1970-01-01 00:00:00', 6, 'UTC'), toUInt64(0), 0.))) AS last_reading,
       min(if(device = '$sink', sequence - toUInt64(value) + 1, 0)) AS mark_lo,
       max(if(device = '$sink', sequence, 0)) AS mark_hi
FROM rollup_in GROUP BY sensor, device, ts;

ALTER TABLE mvfix_1m ON CLUSTER 'telemetry' MODIFY QUERY
SELECT sensor, device, toDateTime(toStartOfMinute(event_time), 'UTC') AS ts,
       sum(if(device = '$sink', toUInt64(value), 1)) AS n,
       countIf(isFinite(value)) AS n_finite,
       min(if(isFinite(value), value, inf)) AS vmin,
       max(if(isFinite(value), value, -inf)) AS vmax,
       sum(if(isFinite(value) AND abs(value) < exp2(960), value, 0.)) AS vsum,
       sum(if(isFinite(value) AND abs(value) >= exp2(960), value * exp2(-64), 0.)) AS vsum_scaled,
       sum(if(isFinite(value), value * value, 0.)) AS vsq,
       min(if(isFinite(value), (event_time, sequence, value), (toDateTime64('2299-12-31 00:00:00', 6, 'UTC'), toUInt64(0), 0.))) AS first_reading,
       max(if(isFinite(value), (event_time, sequence, value), (toDateTime64('1970-01-01 00:00:00', 6, 'UTC'), toUInt64(0), 0.))) AS last_reading,
       min(if(device = '$sink', sequence - toUInt64(value) + 1, 0)) AS mark_lo,
       max(if(device = '$sink', sequence, 0)) AS mark_hi
FROM fix_1m GROUP BY sensor, device, ts;

ALTER TABLE mv_1h ON CLUSTER 'telemetry' MODIFY QUERY
SELECT sensor, device, toDateTime(toStartOfHour(event_time), 'UTC') AS ts,
       sum(if(device = '$sink', toUInt64(value), 1)) AS n,
       countIf(isFinite(value)) AS n_finite,
       min(if(isFinite(value), value, inf)) AS vmin,
       max(if(isFinite(value), value, -inf)) AS vmax,
       sum(if(isFinite(value) AND abs(value) < exp2(960), value, 0.)) AS vsum,
       sum(if(isFinite(value) AND abs(value) >= exp2(960), value * exp2(-64), 0.)) AS vsum_scaled,
       sum(if(isFinite(value), value * value, 0.)) AS vsq,
       min(if(isFinite(value), (event_time, sequence, value), (toDateTime64('2299-12-31 00:00:00', 6, 'UTC'), toUInt64(0), 0.))) AS first_reading,
       max(if(isFinite(value), (event_time, sequence, value), (toDateTime64('1970-01-01 00:00:00', 6, 'UTC'), toUInt64(0), 0.))) AS last_reading,
       min(if(device = '$sink', sequence - toUInt64(value) + 1, 0)) AS mark_lo,
       max(if(device = '$sink', sequence, 0)) AS mark_hi,
       quantilesDDStateIf(0.01, 0.5, 0.95, 0.99)(if(abs(value) < 1e-12, 0., least(greatest(value, -1e18), 1e18)), isFinite(value)) AS q
FROM rollup_in GROUP BY sensor, device, ts;

ALTER TABLE mvfix_1h ON CLUSTER 'telemetry' MODIFY QUERY
SELECT sensor, device, toDateTime(toStartOfHour(event_time), 'UTC') AS ts,
       sum(if(device = '$sink', toUInt64(value), 1)) AS n,
       countIf(isFinite(value)) AS n_finite,
       min(if(isFinite(value), value, inf)) AS vmin,
       max(if(isFinite(value), value, -inf)) AS vmax,
       sum(if(isFinite(value) AND abs(value) < exp2(960), value, 0.)) AS vsum,
       sum(if(isFinite(value) AND abs(value) >= exp2(960), value * exp2(-64), 0.)) AS vsum_scaled,
       sum(if(isFinite(value), value * value, 0.)) AS vsq,
       min(if(isFinite(value), (event_time, sequence, value), (toDateTime64('2299-12-31 00:00:00', 6, 'UTC'), toUInt64(0), 0.))) AS first_reading,
       max(if(isFinite(value), (event_time, sequence, value), (toDateTime64('1970-01-01 00:00:00', 6, 'UTC'), toUInt64(0), 0.))) AS last_reading,
       min(if(device = '$sink', sequence - toUInt64(value) + 1, 0)) AS mark_lo,
       max(if(device = '$sink', sequence, 0)) AS mark_hi,
       quantilesDDStateIf(0.01, 0.5, 0.95, 0.99)(if(abs(value) < 1e-12, 0., least(greatest(value, -1e18), 1e18)), isFinite(value)) AS q
FROM fix_1h GROUP BY sensor, device, ts;

ALTER TABLE mv_1d ON CLUSTER 'telemetry' MODIFY QUERY
SELECT sensor, device, toDateTime(toStartOfDay(event_time), 'UTC') AS ts,
       sum(if(device = '$sink', toUInt64(value), 1)) AS n,
       countIf(isFinite(value)) AS n_finite,
       min(if(isFinite(value), value, inf)) AS vmin,
       max(if(isFinite(value), value, -inf)) AS vmax,
       sum(if(isFinite(value) AND abs(value) < exp2(960), value, 0.)) AS vsum,
       sum(if(isFinite(value) AND abs(value) >= exp2(960), value * exp2(-64), 0.)) AS vsum_scaled,
       sum(if(isFinite(value), value * value, 0.)) AS vsq,
       min(if(isFinite(value), (event_time, sequence, value), (toDateTime64('2299-12-31 00:00:00', 6, 'UTC'), toUInt64(0), 0.))) AS first_reading,
       max(if(isFinite(value), (event_time, sequence, value), (toDateTime64('1970-01-01 00:00:00', 6, 'UTC'), toUInt64(0), 0.))) AS last_reading,
       min(if(device = '$sink', sequence - toUInt64(value) + 1, 0)) AS mark_lo,
       max(if(device = '$sink', sequence, 0)) AS mark_hi,
       quantilesDDStateIf(0.01, 0.5, 0.95, 0.99)(if(abs(value) < 1e-12, 0., least(greatest(value, -1e18), 1e18)), isFinite(value)) AS q
FROM rollup_in GROUP BY sensor, device, ts;

ALTER TABLE mvfix_1d ON CLUSTER 'telemetry' MODIFY QUERY
SELECT sensor, device, toDateTime(toStartOfDay(event_time), 'UTC') AS ts,
       sum(if(device = '$sink', toUInt64(value), 1)) AS n,
       countIf(isFinite(value)) AS n_finite,
       min(if(isFinite(value), value, inf)) AS vmin,
       max(if(isFinite(value), value, -inf)) AS vmax,
       sum(if(isFinite(value) AND abs(value) < exp2(960), value, 0.)) AS vsum,
       sum(if(isFinite(value) AND abs(value) >= exp2(960), value * exp2(-64), 0.)) AS vsum_scaled,
       sum(if(isFinite(value), value * value, 0.)) AS vsq,
       min(if(isFinite(value), (event_time, sequence, value), (toDateTime64('2299-12-31 00:00:00', 6, 'UTC'), toUInt64(0), 0.))) AS first_reading,
       max(if(isFinite(value), (event_time, sequence, value), (toDateTime64('1970-01-01 00:00:00', 6, 'UTC'), toUInt64(0), 0.))) AS last_reading,
       min(if(device = '$sink', sequence - toUInt64(value) + 1, 0)) AS mark_lo,
       max(if(device = '$sink', sequence, 0)) AS mark_hi,
       quantilesDDStateIf(0.01, 0.5, 0.95, 0.99)(if(abs(value) < 1e-12, 0., least(greatest(value, -1e18), 1e18)), isFinite(value)) AS q
FROM fix_1d GROUP BY sensor, device, ts;

DROP TABLE IF EXISTS readings_1m_data ON CLUSTER 'telemetry' SYNC;

DROP VIEW IF EXISTS readings_1m_data_local ON CLUSTER 'telemetry' SYNC;

CREATE VIEW IF NOT EXISTS readings_1m_data_local ON CLUSTER 'telemetry' AS
SELECT * EXCEPT (first, last, vsum, vsum_scaled),
       (tupleElement(first_reading, 1), tupleElement(first_reading, 3)) AS first,
       (tupleElement(last_reading, 1), tupleElement(last_reading, 3)) AS last,
       r.vsum + r.vsum_scaled * exp2(64) AS vsum,
       r.vsum * exp2(-64) + r.vsum_scaled AS vsum_scaled
FROM readings_1m AS r WHERE device != '$sink';

CREATE TABLE IF NOT EXISTS readings_1m_data ON CLUSTER 'telemetry' AS readings_1m_data_local ENGINE = Distributed('telemetry', 'iot', 'readings_1m_data_local');

DROP TABLE IF EXISTS readings_1h_data ON CLUSTER 'telemetry' SYNC;

DROP VIEW IF EXISTS readings_1h_data_local ON CLUSTER 'telemetry' SYNC;

CREATE VIEW IF NOT EXISTS readings_1h_data_local ON CLUSTER 'telemetry' AS
SELECT * EXCEPT (first, last, vsum, vsum_scaled),
       (tupleElement(first_reading, 1), tupleElement(first_reading, 3)) AS first,
       (tupleElement(last_reading, 1), tupleElement(last_reading, 3)) AS last,
       r.vsum + r.vsum_scaled * exp2(64) AS vsum,
       r.vsum * exp2(-64) + r.vsum_scaled AS vsum_scaled
FROM readings_1h AS r WHERE device != '$sink';

CREATE TABLE IF NOT EXISTS readings_1h_data ON CLUSTER 'telemetry' AS readings_1h_data_local ENGINE = Distributed('telemetry', 'iot', 'readings_1h_data_local');

DROP TABLE IF EXISTS readings_1d_data ON CLUSTER 'telemetry' SYNC;

DROP VIEW IF EXISTS readings_1d_data_local ON CLUSTER 'telemetry' SYNC;

CREATE VIEW IF NOT EXISTS readings_1d_data_local ON CLUSTER 'telemetry' AS
SELECT * EXCEPT (first, last, vsum, vsum_scaled),
       (tupleElement(first_reading, 1), tupleElement(first_reading, 3)) AS first,
       (tupleElement(last_reading, 1), tupleElement(last_reading, 3)) AS last,
       r.vsum + r.vsum_scaled * exp2(64) AS vsum,
       r.vsum * exp2(-64) + r.vsum_scaled AS vsum_scaled
FROM readings_1d AS r WHERE device != '$sink';

CREATE TABLE IF NOT EXISTS readings_1d_data ON CLUSTER 'telemetry' AS readings_1d_data_local ENGINE = Distributed('telemetry', 'iot', 'readings_1d_data_local');

CREATE TABLE IF NOT EXISTS incidents ON CLUSTER 'telemetry' (
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
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}') PARTITION BY toYYYYMM(event_time) ORDER BY (event_time, device, id, revision)
TTL toDateTime(least(toInt64(toUnixTimestamp(event_time)) + 63072000, 4294967295))
SETTINGS ttl_only_drop_parts = 1,
         auto_statistics_types = '', old_parts_lifetime = 480,
         fsync_after_insert = 1, fsync_part_directory = 1,
         min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
         max_suspicious_broken_parts = 100000, max_suspicious_broken_parts_bytes = 1000000000000;

CREATE VIEW IF NOT EXISTS incidents_data_local ON CLUSTER 'telemetry' AS SELECT * FROM incidents WHERE device != '$sink';

CREATE TABLE IF NOT EXISTS incidents_data ON CLUSTER 'telemetry' AS incidents_data_local ENGINE = Distributed('telemetry', 'iot', 'incidents_data_local');

CREATE TABLE IF NOT EXISTS alarms ON CLUSTER 'telemetry' (
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
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}') PARTITION BY toYYYYMM(event_time) ORDER BY (event_time, device, id)
TTL toDateTime(least(toInt64(toUnixTimestamp(event_time)) + 63072000, 4294967295))
SETTINGS ttl_only_drop_parts = 1,
         auto_statistics_types = '', old_parts_lifetime = 480,
         fsync_after_insert = 1, fsync_part_directory = 1,
         min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
         max_suspicious_broken_parts = 100000, max_suspicious_broken_parts_bytes = 1000000000000;

CREATE VIEW IF NOT EXISTS alarms_data_local ON CLUSTER 'telemetry' AS SELECT * FROM alarms WHERE device != '$sink';

CREATE TABLE IF NOT EXISTS alarms_data ON CLUSTER 'telemetry' AS alarms_data_local ENGINE = Distributed('telemetry', 'iot', 'alarms_data_local');

CREATE TABLE IF NOT EXISTS device_deletions ON CLUSTER 'telemetry' (
    device String, topic LowCardinality(String), partition Int32, below Int64,
    deleted_at DateTime64(3, 'UTC'), deleted_by String)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/all/{database}/{table}', '{shard}-{replica}') ORDER BY (device, topic, partition)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480;

CREATE TABLE IF NOT EXISTS catalogue ON CLUSTER 'telemetry' (
    device String CODEC(ZSTD(1)), sensor String CODEC(ZSTD(1)),
    event_time DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    source LowCardinality(String), version UInt64 CODEC(ZSTD(1)), deleted UInt8 CODEC(ZSTD(1)),
    person LowCardinality(String), comment String CODEC(ZSTD(1)),
    display_name String CODEC(ZSTD(1)), type LowCardinality(String),
    enterprise LowCardinality(String), site LowCardinality(String), area LowCardinality(String), line LowCardinality(String), cell LowCardinality(String),
    unit LowCardinality(String), unit_code LowCardinality(String),
    document String CODEC(ZSTD(1)),
    entries UInt64 CODEC(ZSTD(1)),
    sequence UInt64 CODEC(ZSTD(1)))
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}') PARTITION BY toYYYYMM(event_time) ORDER BY (event_time, device, sensor, source)
SETTINGS auto_statistics_types = '', old_parts_lifetime = 480,
         fsync_after_insert = 1, fsync_part_directory = 1,
         min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
         max_suspicious_broken_parts = 100000, max_suspicious_broken_parts_bytes = 1000000000000;

CREATE VIEW IF NOT EXISTS catalogue_data_local ON CLUSTER 'telemetry' AS SELECT * FROM catalogue WHERE device != '$sink';

CREATE TABLE IF NOT EXISTS catalogue_data ON CLUSTER 'telemetry' AS catalogue_data_local ENGINE = Distributed('telemetry', 'iot', 'catalogue_data_local');

CREATE VIEW IF NOT EXISTS catalogue_now ON CLUSTER 'telemetry' AS
SELECT *, multiIf(source = 'edited', 0, source = 'device', 1, source = 'sparkplug', 2, 3000 - length(replaceRegexpAll(concat(device, sensor), '[*?]', ''))) AS rank
FROM (SELECT * FROM catalogue_data ORDER BY event_time DESC, version DESC LIMIT 1 BY source, device, sensor) WHERE deleted = 0;

CREATE VIEW IF NOT EXISTS catalogue_devices ON CLUSTER 'telemetry' AS
SELECT device, argMinIf(display_name, rank, display_name != '') AS display_name, argMinIf(type, rank, type != '') AS type,
       argMinIf(enterprise, rank, enterprise != '') AS enterprise, argMinIf(site, rank, site != '') AS site, argMinIf(area, rank, area != '') AS area,
       argMinIf(line, rank, line != '') AS line, argMinIf(cell, rank, cell != '') AS cell
FROM catalogue_now WHERE sensor = '' AND source != 'pattern' GROUP BY device;

CREATE VIEW IF NOT EXISTS catalogue_sensors ON CLUSTER 'telemetry' AS
SELECT device, sensor, argMinIf(display_name, rank, display_name != '') AS display_name, argMinIf(unit, rank, unit != '') AS unit
FROM (
    SELECT device, sensor, display_name, unit, rank FROM catalogue_now WHERE sensor != '' AND source != 'pattern'
    UNION ALL
    SELECT device, JSONExtractString(announced, 'sensor') AS sensor, JSONExtractString(announced, 'displayName') AS display_name,
           JSONExtractString(announced, 'unit') AS unit, rank
    FROM catalogue_now ARRAY JOIN JSONExtractArrayRaw(document, 'sensors') AS announced WHERE source = 'device'
    UNION ALL
    SELECT series.device AS device, series.sensor AS sensor, patterns.display_name AS display_name, patterns.unit AS unit, patterns.rank AS rank
    FROM (SELECT device, sensor FROM readings_last_data GROUP BY device, sensor) AS series
    CROSS JOIN (
        SELECT display_name, unit, rank, replaceAll(replaceAll(replaceAll(device, '_', '\\_'), '*', '%'), '?', '_') AS devices,
               replaceAll(replaceAll(replaceAll(sensor, '_', '\\_'), '*', '%'), '?', '_') AS sensors
        FROM catalogue_now WHERE source = 'pattern' AND sensor != '') AS patterns
    WHERE series.device LIKE patterns.devices AND series.sensor LIKE patterns.sensors)
GROUP BY device, sensor;

ALTER TABLE readings_1h ON CLUSTER 'telemetry' ADD COLUMN IF NOT EXISTS n_sketched SimpleAggregateFunction(sum, UInt64) DEFAULT n_finite CODEC(T64, ZSTD(1));

ALTER TABLE mv_1h ON CLUSTER 'telemetry' MODIFY QUERY
SELECT sensor, device, toDateTime(toStartOfHour(event_time), 'UTC') AS ts,
       sum(if(device = '$sink', toUInt64(value), 1)) AS n,
       countIf(isFinite(value)) AS n_finite,
       min(if(isFinite(value), value, inf)) AS vmin,
       max(if(isFinite(value), value, -inf)) AS vmax,
       sum(if(isFinite(value) AND abs(value) < exp2(960), value, 0.)) AS vsum,
       sum(if(isFinite(value) AND abs(value) >= exp2(960), value * exp2(-64), 0.)) AS vsum_scaled,
       sum(if(isFinite(value), value * value, 0.)) AS vsq,
       min(if(isFinite(value), (event_time, sequence, value), (toDateTime64('2299-12-31 00:00:00', 6, 'UTC'), toUInt64(0), 0.))) AS first_reading,
       max(if(isFinite(value), (event_time, sequence, value), (toDateTime64('1970-01-01 00:00:00', 6, 'UTC'), toUInt64(0), 0.))) AS last_reading,
       min(if(device = '$sink', sequence - toUInt64(value) + 1, 0)) AS mark_lo,
       max(if(device = '$sink', sequence, 0)) AS mark_hi,
       toUInt64(0) AS n_sketched
FROM rollup_in GROUP BY sensor, device, ts;

ALTER TABLE mvfix_1h ON CLUSTER 'telemetry' MODIFY QUERY
SELECT sensor, device, toDateTime(toStartOfHour(event_time), 'UTC') AS ts,
       sum(if(device = '$sink', toUInt64(value), 1)) AS n,
       countIf(isFinite(value)) AS n_finite,
       min(if(isFinite(value), value, inf)) AS vmin,
       max(if(isFinite(value), value, -inf)) AS vmax,
       sum(if(isFinite(value) AND abs(value) < exp2(960), value, 0.)) AS vsum,
       sum(if(isFinite(value) AND abs(value) >= exp2(960), value * exp2(-64), 0.)) AS vsum_scaled,
       sum(if(isFinite(value), value * value, 0.)) AS vsq,
       min(if(isFinite(value), (event_time, sequence, value), (toDateTime64('2299-12-31 00:00:00', 6, 'UTC'), toUInt64(0), 0.))) AS first_reading,
       max(if(isFinite(value), (event_time, sequence, value), (toDateTime64('1970-01-01 00:00:00', 6, 'UTC'), toUInt64(0), 0.))) AS last_reading,
       min(if(device = '$sink', sequence - toUInt64(value) + 1, 0)) AS mark_lo,
       max(if(device = '$sink', sequence, 0)) AS mark_hi,
       toUInt64(0) AS n_sketched
FROM fix_1h GROUP BY sensor, device, ts;

DROP TABLE IF EXISTS readings_1h_data ON CLUSTER 'telemetry' SYNC;

DROP VIEW IF EXISTS readings_1h_data_local ON CLUSTER 'telemetry' SYNC;

CREATE VIEW IF NOT EXISTS readings_1h_data_local ON CLUSTER 'telemetry' AS
SELECT * EXCEPT (first, last, vsum, vsum_scaled),
       (tupleElement(first_reading, 1), tupleElement(first_reading, 3)) AS first,
       (tupleElement(last_reading, 1), tupleElement(last_reading, 3)) AS last,
       r.vsum + r.vsum_scaled * exp2(64) AS vsum,
       r.vsum * exp2(-64) + r.vsum_scaled AS vsum_scaled
FROM readings_1h AS r WHERE device != '$sink';

CREATE TABLE IF NOT EXISTS readings_1h_data ON CLUSTER 'telemetry' AS readings_1h_data_local ENGINE = Distributed('telemetry', 'iot', 'readings_1h_data_local');

ALTER TABLE mv_1m ON CLUSTER 'telemetry' MODIFY QUERY
SELECT sensor, device, toDateTime(toStartOfMinute(event_time), 'UTC') AS ts,
       sum(if(device = '$sink', toUInt64(value), 1)) AS n,
       countIf(isFinite(value)) AS n_finite,
       min(if(isFinite(value), value, inf)) AS vmin,
       max(if(isFinite(value), value, -inf)) AS vmax,
       sum(if(isFinite(value) AND abs(value) < exp2(960), value, 0.)) AS vsum,
       sum(if(isFinite(value) AND abs(value) >= exp2(960), value * exp2(-64), 0.)) AS vsum_scaled,
       min(if(isFinite(value), (event_time, sequence, value), (toDateTime64('2299-12-31 00:00:00', 6, 'UTC'), toUInt64(0), 0.))) AS first_reading,
       max(if(isFinite(value), (event_time, sequence, value), (toDateTime64('1970-01-01 00:00:00', 6, 'UTC'), toUInt64(0), 0.))) AS last_reading,
       min(if(device = '$sink', sequence - toUInt64(value) + 1, 0)) AS mark_lo,
       max(if(device = '$sink', sequence, 0)) AS mark_hi
FROM rollup_in GROUP BY sensor, device, ts;

ALTER TABLE mvfix_1m ON CLUSTER 'telemetry' MODIFY QUERY
SELECT sensor, device, toDateTime(toStartOfMinute(event_time), 'UTC') AS ts,
       sum(if(device = '$sink', toUInt64(value), 1)) AS n,
       countIf(isFinite(value)) AS n_finite,
       min(if(isFinite(value), value, inf)) AS vmin,
       max(if(isFinite(value), value, -inf)) AS vmax,
       sum(if(isFinite(value) AND abs(value) < exp2(960), value, 0.)) AS vsum,
       sum(if(isFinite(value) AND abs(value) >= exp2(960), value * exp2(-64), 0.)) AS vsum_scaled,
       min(if(isFinite(value), (event_time, sequence, value), (toDateTime64('2299-12-31 00:00:00', 6, 'UTC'), toUInt64(0), 0.))) AS first_reading,
       max(if(isFinite(value), (event_time, sequence, value), (toDateTime64('1970-01-01 00:00:00', 6, 'UTC'), toUInt64(0), 0.))) AS last_reading,
       min(if(device = '$sink', sequence - toUInt64(value) + 1, 0)) AS mark_lo,
       max(if(device = '$sink', sequence, 0)) AS mark_hi
FROM fix_1m GROUP BY sensor, device, ts;

DROP TABLE IF EXISTS readings_1m_data ON CLUSTER 'telemetry' SYNC;

DROP VIEW IF EXISTS readings_1m_data_local ON CLUSTER 'telemetry' SYNC;

CREATE VIEW IF NOT EXISTS readings_1m_data_local ON CLUSTER 'telemetry' AS
SELECT * EXCEPT (first, last, vsum, vsum_scaled, vsq),
       (tupleElement(first_reading, 1), tupleElement(first_reading, 3)) AS first,
       (tupleElement(last_reading, 1), tupleElement(last_reading, 3)) AS last,
       r.vsum + r.vsum_scaled * exp2(64) AS vsum,
       r.vsum * exp2(-64) + r.vsum_scaled AS vsum_scaled
FROM readings_1m AS r WHERE device != '$sink';

CREATE TABLE IF NOT EXISTS readings_1m_data ON CLUSTER 'telemetry' AS readings_1m_data_local ENGINE = Distributed('telemetry', 'iot', 'readings_1m_data_local');

ALTER TABLE readings_1m ON CLUSTER 'telemetry' MODIFY COLUMN first_reading CODEC(Delta(8), ZSTD(1));

ALTER TABLE readings_1m ON CLUSTER 'telemetry' MODIFY COLUMN last_reading CODEC(Delta(8), ZSTD(1));

ALTER TABLE readings_1h ON CLUSTER 'telemetry' MODIFY COLUMN first_reading CODEC(Delta(8), ZSTD(1));

ALTER TABLE readings_1h ON CLUSTER 'telemetry' MODIFY COLUMN last_reading CODEC(Delta(8), ZSTD(1));

ALTER TABLE readings_1d ON CLUSTER 'telemetry' MODIFY COLUMN first_reading CODEC(Delta(8), ZSTD(1));

ALTER TABLE readings_1d ON CLUSTER 'telemetry' MODIFY COLUMN last_reading CODEC(Delta(8), ZSTD(1));

DROP TABLE IF EXISTS readings_1m_data ON CLUSTER 'telemetry' SYNC;

DROP VIEW IF EXISTS readings_1m_data_local ON CLUSTER 'telemetry' SYNC;

CREATE VIEW IF NOT EXISTS readings_1m_data_local ON CLUSTER 'telemetry' AS
SELECT * EXCEPT (first, last, vsum, vsum_scaled, vsq),
       (tupleElement(first_reading, 1), tupleElement(first_reading, 3)) AS first,
       (tupleElement(last_reading, 1), tupleElement(last_reading, 3)) AS last,
       r.vsum + r.vsum_scaled * exp2(64) AS vsum,
       r.vsum * exp2(-64) + r.vsum_scaled AS vsum_scaled
FROM readings_1m AS r WHERE device NOT IN ('$sink', '$fleet');

CREATE TABLE IF NOT EXISTS readings_1m_data ON CLUSTER 'telemetry' AS readings_1m_data_local ENGINE = Distributed('telemetry', 'iot', 'readings_1m_data_local');

CREATE VIEW IF NOT EXISTS readings_1m_fleet_data_local ON CLUSTER 'telemetry' AS
SELECT * EXCEPT (device, first, last, vsum, vsum_scaled, vsq, mark_lo, mark_hi),
       (tupleElement(first_reading, 1), tupleElement(first_reading, 3)) AS first,
       (tupleElement(last_reading, 1), tupleElement(last_reading, 3)) AS last,
       r.vsum + r.vsum_scaled * exp2(64) AS vsum,
       r.vsum * exp2(-64) + r.vsum_scaled AS vsum_scaled
FROM readings_1m AS r WHERE device = '$fleet';

CREATE TABLE IF NOT EXISTS readings_1m_fleet_data ON CLUSTER 'telemetry' AS readings_1m_fleet_data_local ENGINE = Distributed('telemetry', 'iot', 'readings_1m_fleet_data_local');

DROP TABLE IF EXISTS readings_1h_data ON CLUSTER 'telemetry' SYNC;

DROP VIEW IF EXISTS readings_1h_data_local ON CLUSTER 'telemetry' SYNC;

CREATE VIEW IF NOT EXISTS readings_1h_data_local ON CLUSTER 'telemetry' AS
SELECT * EXCEPT (first, last, vsum, vsum_scaled),
       (tupleElement(first_reading, 1), tupleElement(first_reading, 3)) AS first,
       (tupleElement(last_reading, 1), tupleElement(last_reading, 3)) AS last,
       r.vsum + r.vsum_scaled * exp2(64) AS vsum,
       r.vsum * exp2(-64) + r.vsum_scaled AS vsum_scaled
FROM readings_1h AS r WHERE device NOT IN ('$sink', '$fleet');

CREATE TABLE IF NOT EXISTS readings_1h_data ON CLUSTER 'telemetry' AS readings_1h_data_local ENGINE = Distributed('telemetry', 'iot', 'readings_1h_data_local');

CREATE VIEW IF NOT EXISTS readings_1h_fleet_data_local ON CLUSTER 'telemetry' AS
SELECT * EXCEPT (device, first, last, vsum, vsum_scaled, mark_lo, mark_hi),
       (tupleElement(first_reading, 1), tupleElement(first_reading, 3)) AS first,
       (tupleElement(last_reading, 1), tupleElement(last_reading, 3)) AS last,
       r.vsum + r.vsum_scaled * exp2(64) AS vsum,
       r.vsum * exp2(-64) + r.vsum_scaled AS vsum_scaled
FROM readings_1h AS r WHERE device = '$fleet';

CREATE TABLE IF NOT EXISTS readings_1h_fleet_data ON CLUSTER 'telemetry' AS readings_1h_fleet_data_local ENGINE = Distributed('telemetry', 'iot', 'readings_1h_fleet_data_local');

CREATE MATERIALIZED VIEW IF NOT EXISTS mv_1m_fleet ON CLUSTER 'telemetry' TO readings_1m AS
SELECT sensor, '$fleet' AS device, toDateTime(toStartOfMinute(event_time), 'UTC') AS ts,
       count() AS n,
       countIf(isFinite(value)) AS n_finite,
       min(if(isFinite(value), value, inf)) AS vmin,
       max(if(isFinite(value), value, -inf)) AS vmax,
       sum(if(isFinite(value) AND abs(value) < exp2(960), value, 0.)) AS vsum,
       sum(if(isFinite(value) AND abs(value) >= exp2(960), value * exp2(-64), 0.)) AS vsum_scaled,
       min(if(isFinite(value), (event_time, sequence, value), (toDateTime64('2299-12-31 00:00:00', 6, 'UTC'), toUInt64(0), 0.))) AS first_reading,
       max(if(isFinite(value), (event_time, sequence, value), (toDateTime64('1970-01-01 00:00:00', 6, 'UTC'), toUInt64(0), 0.))) AS last_reading,
       toUInt64(0) AS mark_lo,
       toUInt64(0) AS mark_hi
FROM rollup_in WHERE rollup_in.device != '$sink' GROUP BY sensor, ts;

CREATE MATERIALIZED VIEW IF NOT EXISTS mv_1h_fleet ON CLUSTER 'telemetry' TO readings_1h AS
SELECT sensor, '$fleet' AS device, toDateTime(toStartOfHour(event_time), 'UTC') AS ts,
       count() AS n,
       countIf(isFinite(value)) AS n_finite,
       min(if(isFinite(value), value, inf)) AS vmin,
       max(if(isFinite(value), value, -inf)) AS vmax,
       sum(if(isFinite(value) AND abs(value) < exp2(960), value, 0.)) AS vsum,
       sum(if(isFinite(value) AND abs(value) >= exp2(960), value * exp2(-64), 0.)) AS vsum_scaled,
       sum(if(isFinite(value), value * value, 0.)) AS vsq,
       min(if(isFinite(value), (event_time, sequence, value), (toDateTime64('2299-12-31 00:00:00', 6, 'UTC'), toUInt64(0), 0.))) AS first_reading,
       max(if(isFinite(value), (event_time, sequence, value), (toDateTime64('1970-01-01 00:00:00', 6, 'UTC'), toUInt64(0), 0.))) AS last_reading,
       toUInt64(0) AS mark_lo,
       toUInt64(0) AS mark_hi,
       toUInt64(0) AS n_sketched
FROM rollup_in WHERE rollup_in.device != '$sink' GROUP BY sensor, ts;

INSERT INTO horizon_floors
SELECT 'fleet', toDateTime64(toStartOfDay(now('UTC')) + toIntervalDay(3), 6, 'UTC') FROM (SELECT count() AS hours FROM readings_1h_data) WHERE hours > 0;
