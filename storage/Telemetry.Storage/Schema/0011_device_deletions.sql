-- Devices whose data was deleted: what the log holds of them below an offset is not stored again by recovery or replay, and not missing to an audit.
CREATE TABLE device_deletions (
    device String, topic LowCardinality(String), partition Int32, below Int64,
    deleted_at DateTime64(3, 'UTC'), deleted_by String)
ENGINE = MergeTree ORDER BY (device, topic, partition)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480;
