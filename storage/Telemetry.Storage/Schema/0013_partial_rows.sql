-- From here on the sink makes the rows of the rollups itself: one for each series and bucket of an INSERT, with the marker rows among them, into
-- each table. rollup_in and the views mv_* stay as what says, in SQL, what a row is: rebuilding takes their SELECTs, tests compare with them. They
-- and fix_* also serve a store process of the version before while processes are replaced one at a time.
-- Hours keep no quantile sketch any more: it was a quarter of their bytes, and raw answers the same question. n_sketched
-- says how many readings the sketches there are know of, so that a bucket written since is never taken for a whole one.
-- Minutes have no sum of squares any more: it was a quarter of their bytes, nothing asked for it, and raw has every reading for longer than they last.
ALTER TABLE readings_1h ADD COLUMN IF NOT EXISTS n_sketched SimpleAggregateFunction(sum, UInt64) DEFAULT n_finite CODEC(T64, ZSTD(1));

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
       toUInt64(0) AS n_sketched
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
       toUInt64(0) AS n_sketched
FROM fix_1h GROUP BY sensor, device, ts;

DROP VIEW IF EXISTS readings_1h_data;

CREATE VIEW readings_1h_data AS
SELECT * EXCEPT (first, last, vsum, vsum_scaled),
       (tupleElement(first_reading, 1), tupleElement(first_reading, 3)) AS first,
       (tupleElement(last_reading, 1), tupleElement(last_reading, 3)) AS last,
       r.vsum + r.vsum_scaled * exp2(64) AS vsum,
       r.vsum * exp2(-64) + r.vsum_scaled AS vsum_scaled
FROM readings_1h AS r WHERE device != '$sink';

ALTER TABLE mv_1m MODIFY QUERY
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

ALTER TABLE mvfix_1m MODIFY QUERY
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

DROP VIEW IF EXISTS readings_1m_data;

CREATE VIEW readings_1m_data AS
SELECT * EXCEPT (first, last, vsum, vsum_scaled, vsq),
       (tupleElement(first_reading, 1), tupleElement(first_reading, 3)) AS first,
       (tupleElement(last_reading, 1), tupleElement(last_reading, 3)) AS last,
       r.vsum + r.vsum_scaled * exp2(64) AS vsum,
       r.vsum * exp2(-64) + r.vsum_scaled AS vsum_scaled
FROM readings_1m AS r WHERE device != '$sink';

-- The first and last reading take less when the differences of their times, numbers and values are compressed. Parts get it as they are merged.
ALTER TABLE readings_1m MODIFY COLUMN first_reading CODEC(Delta(8), ZSTD(1));

ALTER TABLE readings_1m MODIFY COLUMN last_reading CODEC(Delta(8), ZSTD(1));

ALTER TABLE readings_1h MODIFY COLUMN first_reading CODEC(Delta(8), ZSTD(1));

ALTER TABLE readings_1h MODIFY COLUMN last_reading CODEC(Delta(8), ZSTD(1));

ALTER TABLE readings_1d MODIFY COLUMN first_reading CODEC(Delta(8), ZSTD(1));

ALTER TABLE readings_1d MODIFY COLUMN last_reading CODEC(Delta(8), ZSTD(1));
