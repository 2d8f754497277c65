-- Versions of catalogue entries, by the time they were written; kept for good. Marker rows as in anomalies: device '$sink', sequence = last log offset covered,
-- entries = number of offsets covered. device and sensor of a pattern hold * and ?. document is the entry as JSON, with the sensors that a device announced.
CREATE TABLE catalogue (
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
ENGINE = MergeTree PARTITION BY toYYYYMM(event_time) ORDER BY (event_time, device, sensor, source)
SETTINGS auto_statistics_types = '', old_parts_lifetime = 480,
         fsync_after_insert = 1, fsync_part_directory = 1,
         min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
         max_suspicious_broken_parts = 100000, max_suspicious_broken_parts_bytes = 1000000000000;

CREATE VIEW catalogue_data AS SELECT * FROM catalogue WHERE device != '$sink';

-- The entries in force: the newest of each source, device and sensor.
CREATE VIEW catalogue_now AS
SELECT *, multiIf(source = 'edited', 0, source = 'device', 1, source = 'sparkplug', 2, 3000 - length(replaceRegexpAll(concat(device, sensor), '[*?]', ''))) AS rank
FROM (SELECT * FROM catalogue_data ORDER BY event_time DESC, version DESC LIMIT 1 BY source, device, sensor) WHERE deleted = 0;

-- Devices as all sources say together; patterns are left out.
CREATE VIEW catalogue_devices AS
SELECT device, argMinIf(display_name, rank, display_name != '') AS display_name, argMinIf(type, rank, type != '') AS type,
       argMinIf(enterprise, rank, enterprise != '') AS enterprise, argMinIf(site, rank, site != '') AS site, argMinIf(area, rank, area != '') AS area,
       argMinIf(line, rank, line != '') AS line, argMinIf(cell, rank, cell != '') AS cell
FROM catalogue_now WHERE sensor = '' AND source != 'pattern' GROUP BY device;

-- Names and units of the sensors of which readings are stored, as all sources say together.
CREATE VIEW catalogue_sensors AS
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
