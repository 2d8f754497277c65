-- Minutes and hours get rows of all devices of a sensor together, of the device '$fleet'. The sink makes them with the rows of the series, in the same block,
-- so the same markers say that they are there. A question for a sensor at all devices reads one row a bucket instead of one a device.
-- The views of rollup_in make them too. As the views before them, they do it for who fills a store by SQL, and to say what a row is.

DROP VIEW IF EXISTS readings_1m_data;

CREATE VIEW readings_1m_data AS
SELECT * EXCEPT (first, last, vsum, vsum_scaled, vsq),
       (tupleElement(first_reading, 1), tupleElement(first_reading, 3)) AS first,
       (tupleElement(last_reading, 1), tupleElement(last_reading, 3)) AS last,
       r.vsum + r.vsum_scaled * exp2(64) AS vsum,
       r.vsum * exp2(-64) + r.vsum_scaled AS vsum_scaled
FROM readings_1m AS r WHERE device NOT IN ('$sink', '$fleet');

CREATE VIEW readings_1m_fleet_data AS
SELECT * EXCEPT (device, first, last, vsum, vsum_scaled, vsq, mark_lo, mark_hi),
       (tupleElement(first_reading, 1), tupleElement(first_reading, 3)) AS first,
       (tupleElement(last_reading, 1), tupleElement(last_reading, 3)) AS last,
       r.vsum + r.vsum_scaled * exp2(64) AS vsum,
       r.vsum * exp2(-64) + r.vsum_scaled AS vsum_scaled
FROM readings_1m AS r WHERE device = '$fleet';

DROP VIEW IF EXISTS readings_1h_data;

CREATE VIEW readings_1h_data AS
SELECT * EXCEPT (first, last, vsum, vsum_scaled),
       (tupleElement(first_reading, 1), tupleElement(first_reading, 3)) AS first,
       (tupleElement(last_reading, 1), tupleElement(last_reading, 3)) AS last,
       r.vsum + r.vsum_scaled * exp2(64) AS vsum,
       r.vsum * exp2(-64) + r.vsum_scaled AS vsum_scaled
FROM readings_1h AS r WHERE device NOT IN ('$sink', '$fleet');

CREATE VIEW readings_1h_fleet_data AS
SELECT * EXCEPT (device, first, last, vsum, vsum_scaled, mark_lo, mark_hi),
       (tupleElement(first_reading, 1), tupleElement(first_reading, 3)) AS first,
       (tupleElement(last_reading, 1), tupleElement(last_reading, 3)) AS last,
       r.vsum + r.vsum_scaled * exp2(64) AS vsum,
       r.vsum * exp2(-64) + r.vsum_scaled AS vsum_scaled
FROM readings_1h AS r WHERE device = '$fleet';

CREATE MATERIALIZED VIEW mv_1m_fleet TO readings_1m AS
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

CREATE MATERIALIZED VIEW mv_1h_fleet TO readings_1h AS
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

-- A store that has hours already has no such rows for them, and a process of the version before may go on for a while: they count from the third
-- midnight on, later than any reading that was taken until now (a device's clock may be a day ahead).
INSERT INTO horizon_floors
SELECT 'fleet', toDateTime64(toStartOfDay(now('UTC')) + toIntervalDay(3), 6, 'UTC') FROM (SELECT count() AS hours FROM readings_1h_data) WHERE hours > 0;
