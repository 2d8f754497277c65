-- What a shorter retention of former times has removed: a table holds everything from complete_from on. Written before retention
-- changes; the greatest moment counts.
CREATE TABLE horizon_floors (
    table LowCardinality(String), complete_from SimpleAggregateFunction(max, DateTime64(6, 'UTC')))
ENGINE = AggregatingMergeTree ORDER BY table
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480;
