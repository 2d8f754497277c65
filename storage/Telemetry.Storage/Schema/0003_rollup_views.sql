-- What feeds the rollups: an INSERT into rollup_in reaches all of them, an INSERT into fix_x reaches one, for recovery.
-- The sketch takes values between 1e-12 and 1e18 in magnitude, others clamped: beyond about 1e308 it throws, which would stop
-- the sink, and its size grows with the decades in it.
-- Each view reads its source itself: the order in which views run is not fixed, and each target has its own markers.
CREATE TABLE rollup_in (
    sensor LowCardinality(String), device LowCardinality(String), event_time DateTime64(6, 'UTC'),
    value Float64, quality UInt8, sequence UInt64)
ENGINE = Null;

CREATE TABLE fix_1m AS rollup_in;

CREATE TABLE fix_1h AS rollup_in;

CREATE TABLE fix_1d AS rollup_in;

CREATE TABLE fix_last AS rollup_in;

CREATE MATERIALIZED VIEW mv_1m TO readings_1m AS
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

CREATE MATERIALIZED VIEW mvfix_1m TO readings_1m AS
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

CREATE MATERIALIZED VIEW mv_1h TO readings_1h AS
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

CREATE MATERIALIZED VIEW mvfix_1h TO readings_1h AS
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

CREATE MATERIALIZED VIEW mv_1d TO readings_1d AS
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

CREATE MATERIALIZED VIEW mvfix_1d TO readings_1d AS
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

CREATE MATERIALIZED VIEW mv_last TO readings_last AS
SELECT sensor, device, sum(if(device = '$sink', toUInt64(value), 1)) AS n,
       max((event_time, sequence, value, quality)) AS last,
       min(if(device = '$sink', sequence - toUInt64(value) + 1, 0)) AS mark_lo,
       max(if(device = '$sink', sequence, 0)) AS mark_hi
FROM rollup_in GROUP BY sensor, device;

CREATE MATERIALIZED VIEW mvfix_last TO readings_last AS
SELECT sensor, device, sum(if(device = '$sink', toUInt64(value), 1)) AS n,
       max((event_time, sequence, value, quality)) AS last,
       min(if(device = '$sink', sequence - toUInt64(value) + 1, 0)) AS mark_lo,
       max(if(device = '$sink', sequence, 0)) AS mark_hi
FROM fix_last GROUP BY sensor, device;
