-- Parts that were broken when the engine opened and that recovery has dealt with.
CREATE TABLE broken_parts (
    table String, part String, recovered_at DateTime64(3, 'UTC'))
ENGINE = MergeTree ORDER BY (table, part)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480;
