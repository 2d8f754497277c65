-- First and last of a bucket are those of the greatest (event time, sequence), as in readings_last: two readings of one moment are ordered by
-- the device's own number, never by their values. Rows from before this migration know no sequence: theirs is 0.
-- The sum of a bucket can overflow where its mean does not, so values of 2^960 and more in magnitude are summed apart, times 2^-64, which no
-- number of readings makes overflow.
-- The columns first and last are no longer written; the views show both under their old names, and the sum as one (it may be infinite).
-- Views are changed in one step (MODIFY QUERY): an INSERT in between is counted by the old query or by the new one, never by none.
ALTER TABLE readings_1m ADD COLUMN IF NOT EXISTS first_reading
    SimpleAggregateFunction(min, Tuple(time DateTime64(6, 'UTC'), sequence UInt64, value Float64))
    DEFAULT (tupleElement(first, 1), toUInt64(0), tupleElement(first, 2)) CODEC(ZSTD(1));

ALTER TABLE readings_1m ADD COLUMN IF NOT EXISTS last_reading
    SimpleAggregateFunction(max, Tuple(time DateTime64(6, 'UTC'), sequence UInt64, value Float64))
    DEFAULT (tupleElement(last, 1), toUInt64(0), tupleElement(last, 2)) CODEC(ZSTD(1));

ALTER TABLE readings_1m ADD COLUMN IF NOT EXISTS vsum_scaled SimpleAggregateFunction(sum, Float64) CODEC(Delta, ZSTD(1));

ALTER TABLE readings_1h ADD COLUMN IF NOT EXISTS first_reading
    SimpleAggregateFunction(min, Tuple(time DateTime64(6, 'UTC'), sequence UInt64, value Float64))
    DEFAULT (tupleElement(first, 1), toUInt64(0), tupleElement(first, 2)) CODEC(ZSTD(1));

ALTER TABLE readings_1h ADD COLUMN IF NOT EXISTS last_reading
    SimpleAggregateFunction(max, Tuple(time DateTime64(6, 'UTC'), sequence UInt64, value Float64))
    DEFAULT (tupleElement(last, 1), toUInt64(0), tupleElement(last, 2)) CODEC(ZSTD(1));

ALTER TABLE readings_1h ADD COLUMN IF NOT EXISTS vsum_scaled SimpleAggregateFunction(sum, Float64) CODEC(Delta, ZSTD(1));

ALTER TABLE readings_1d ADD COLUMN IF NOT EXISTS first_reading
    SimpleAggregateFunction(min, Tuple(time DateTime64(6, 'UTC'), sequence UInt64, value Float64))
    DEFAULT (tupleElement(first, 1), toUInt64(0), tupleElement(first, 2)) CODEC(ZSTD(1));

ALTER TABLE readings_1d ADD COLUMN IF NOT EXISTS last_reading
    SimpleAggregateFunction(max, Tuple(time DateTime64(6, 'UTC'), sequence UInt64, value Float64))
    DEFAULT (tupleElement(last, 1), toUInt64(0), tupleElement(last, 2)) CODEC(ZSTD(1));

ALTER TABLE readings_1d ADD COLUMN IF NOT EXISTS vsum_scaled SimpleAggregateFunction(sum, Float64) CODEC(Delta, ZSTD(1));

ALTER TABLE mv_1m MODIFY QUERY
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

ALTER TABLE mvfix_1m MODIFY QUERY
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

ALTER TABLE mv_1h MODIFY QUERY
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

ALTER TABLE mvfix_1h MODIFY QUERY
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

ALTER TABLE mv_1d MODIFY QUERY
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

ALTER TABLE mvfix_1d MODIFY QUERY
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

DROP VIEW IF EXISTS readings_1m_data;

CREATE VIEW readings_1m_data AS
SELECT * EXCEPT (first, last, vsum, vsum_scaled),
       (tupleElement(first_reading, 1), tupleElement(first_reading, 3)) AS first,
       (tupleElement(last_reading, 1), tupleElement(last_reading, 3)) AS last,
       r.vsum + r.vsum_scaled * exp2(64) AS vsum,
       r.vsum * exp2(-64) + r.vsum_scaled AS vsum_scaled
FROM readings_1m AS r WHERE device != '$sink';

DROP VIEW IF EXISTS readings_1h_data;

CREATE VIEW readings_1h_data AS
SELECT * EXCEPT (first, last, vsum, vsum_scaled),
       (tupleElement(first_reading, 1), tupleElement(first_reading, 3)) AS first,
       (tupleElement(last_reading, 1), tupleElement(last_reading, 3)) AS last,
       r.vsum + r.vsum_scaled * exp2(64) AS vsum,
       r.vsum * exp2(-64) + r.vsum_scaled AS vsum_scaled
FROM readings_1h AS r WHERE device != '$sink';

DROP VIEW IF EXISTS readings_1d_data;

CREATE VIEW readings_1d_data AS
SELECT * EXCEPT (first, last, vsum, vsum_scaled),
       (tupleElement(first_reading, 1), tupleElement(first_reading, 3)) AS first,
       (tupleElement(last_reading, 1), tupleElement(last_reading, 3)) AS last,
       r.vsum + r.vsum_scaled * exp2(64) AS vsum,
       r.vsum * exp2(-64) + r.vsum_scaled AS vsum_scaled
FROM readings_1d AS r WHERE device != '$sink';
