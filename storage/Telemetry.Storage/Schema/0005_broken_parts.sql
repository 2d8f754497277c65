-- Parts found broken, when the engine opened or by a check: noted once with partition -1, and once by each log partition
-- whose rows recovery has filled in again. A part is pending for a partition while its own note is older than the first.
CREATE TABLE broken_parts (
    table String, part String, partition Int32, noted DateTime64(6, 'UTC'))
ENGINE = MergeTree ORDER BY (table, part, partition)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480;
