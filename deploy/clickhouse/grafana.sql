-- The same user on a server of your own: run it once as an administrator, with the password in place of ... . On a cluster add ON CLUSTER to each statement.
CREATE SETTINGS PROFILE IF NOT EXISTS grafana SETTINGS
    readonly = 2, max_execution_time = 15 MAX 15, max_memory_usage = 1073741824 MAX 1073741824, max_threads = 2 MAX 2,
    max_result_rows = 1000000 MAX 1000000, max_concurrent_queries_for_user = 8 CONST, priority = 10 CONST;
CREATE USER IF NOT EXISTS grafana IDENTIFIED WITH sha256_password BY '...' SETTINGS PROFILE 'grafana';
GRANT SELECT ON telemetry.* TO grafana;
