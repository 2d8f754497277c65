-- Who may write the rows of a log partition: the greatest claim (epoch, owner) counts. Each INSERT of a sink checks, before it
-- writes, that its claims are still the greatest. Merges keep the greatest alone.
CREATE TABLE sink_claims (
    source LowCardinality(String), partition UInt32, claim SimpleAggregateFunction(max, Tuple(UInt64, String)))
ENGINE = AggregatingMergeTree ORDER BY (source, partition)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480;
