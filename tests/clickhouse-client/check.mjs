// Usage: node check.mjs URL NAME... Checks of ClickHouse's own client, one after the other; a line of JSON tells of each: its name, and the
// error when it did not hold. --list instead of a URL: the names of all.
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { ClickHouseError, createClient, TupleParam } from '@clickhouse/client';

const [url, ...names] = process.argv.slice(2);
let table = '';
const quiet = { log: { level: 127 } };
const open = ({ clickhouse_settings, ...options } = {}) => createClient({
  url, ...quiet, ...options, clickhouse_settings: { output_format_json_quote_64bit_integers: 1, ...clickhouse_settings },
});

async function all(rows) {
  const list = [];
  for await (const part of rows.stream()) list.push(...part.map((row) => row.json()));
  return list;
}

async function withTable(columns, body, options) {
  const client = open(options);
  await client.command({ query: `CREATE TABLE ${table} (${columns}) ENGINE = MergeTree ORDER BY tuple()` });
  try {
    await body(client);
  } finally {
    await client.command({ query: `DROP TABLE IF EXISTS ${table} SYNC` });
    await client.close();
  }
}

const rowsOf = async (client, columns = '*', order = 'a') =>
  (await client.query({ query: `SELECT ${columns} FROM ${table} ORDER BY ${order}`, format: 'JSONEachRow' })).json();

async function failure(work) {
  try {
    await work();
  } catch (e) {
    return e;
  }
  assert.fail('no error came');
}

const checks = {
  async ping() {
    const client = open();
    assert.deepEqual(await client.ping(), { success: true });
    assert.deepEqual(await client.ping({ select: true }), { success: true });
    await client.close();
  },
  async 'ping select with a wrong password'() {
    const client = open({ username: 'default', password: 'wrong' });
    const { success, error } = await client.ping({ select: true });
    assert.equal(success, false);
    assert.equal(error.code, '516');
    await client.close();
  },
  async 'query json'() {
    const client = open();
    const result = await client.query({ query: 'SELECT number AS n, toString(number) AS s FROM numbers(3)' });
    const body = await result.json();
    assert.equal(body.rows, 3);
    assert.deepEqual(body.data[2], { n: '2', s: '2' });
    assert.deepEqual(body.meta.map((m) => m.type), ['UInt64', 'String']);
    assert.equal(body.statistics.rows_read, 3);
    assert.equal(result.response_headers['x-clickhouse-format'], 'JSON');
    assert.ok(result.query_id);
    await client.close();
  },
  async 'query formats'() {
    const client = open();
    for (const format of ['JSONStrings', 'JSONCompact', 'JSONCompactStrings', 'JSONColumnsWithMetadata', 'JSONObjectEachRow']) {
      const body = await (await client.query({ query: 'SELECT 1 AS a, 2 AS b', format })).json();
      assert.ok(JSON.stringify(body).includes('1'), format);
    }
    for (const [format, expected] of [
      ['CSV', '1,"x"\n'], ['CSVWithNames', '"a","b"\n1,"x"\n'], ['TabSeparated', '1\tx\n'],
      ['TabSeparatedWithNamesAndTypes', 'a\tb\nUInt8\tString\n1\tx\n'], ['CustomSeparated', '1\tx\n'],
      ['JSONCompactEachRow', '[1, "x"]\n'], ['JSONEachRow', '{"a":1,"b":"x"}\n'],
    ]) {
      assert.equal(await (await client.query({ query: "SELECT 1 AS a, 'x' AS b", format })).text(), expected);
    }
    await client.close();
  },
  async 'large json counts its rows'() {
    const client = open();
    const body = await (await client.query({ query: 'SELECT number FROM numbers(300000)', format: 'JSON' })).json();
    assert.equal(body.rows, 300000);
    assert.equal(body.data.length, 300000);
    await client.close();
  },
  async 'query stream'() {
    const client = open();
    const rows = await client.query({ query: 'SELECT number FROM numbers(500000)', format: 'JSONCompactEachRow' });
    let count = 0;
    for await (const part of rows.stream()) count += part.length;
    assert.equal(count, 500000);
    await client.close();
  },
  async 'json each row with progress'() {
    const client = open();
    const rows = await client.query({ query: 'SELECT number FROM numbers(3)', format: 'JSONEachRowWithProgress' });
    const list = await all(rows);
    assert.equal(list.filter((r) => 'row' in r).length, 3);
    await client.close();
  },
  async parquet() {
    const client = open();
    const { stream } = await client.exec({ query: 'SELECT number FROM numbers(200000) FORMAT Parquet' });
    const parts = [];
    for await (const part of stream) parts.push(part);
    const bytes = Buffer.concat(parts);
    assert.equal(bytes.subarray(0, 4).toString(), 'PAR1');
    assert.equal(bytes.subarray(-4).toString(), 'PAR1');
    await client.close();
  },
  async 'insert json each row'() {
    await withTable('a UInt32, b String', async (client) => {
      const result = await client.insert({ table, values: [{ a: 1, b: 'x' }, { a: 2, b: "y'\n\n;" }], format: 'JSONEachRow' });
      assert.equal(result.executed, true);
      assert.equal(result.summary.written_rows, '2');
      assert.deepEqual(await rowsOf(client), [{ a: 1, b: 'x' }, { a: 2, b: "y'\n\n;" }]);
    });
  },
  async 'insert nothing'() {
    await withTable('a UInt32', async (client) => {
      assert.equal((await client.insert({ table, values: [], format: 'JSONEachRow' })).executed, false);
      await client.insert({ table, values: Readable.from([], { objectMode: true }), format: 'JSONEachRow' });
      assert.deepEqual(await rowsOf(client), []);
    });
  },
  async 'insert stream'() {
    await withTable('a UInt32', async (client) => {
      const values = Readable.from((function* rows() { for (let a = 0; a < 100000; a++) yield { a }; })(), { objectMode: true });
      await client.insert({ table, values, format: 'JSONEachRow' });
      assert.deepEqual(await rowsOf(client, 'count() AS n, sum(a) AS s', 'n'), [{ n: '100000', s: '4999950000' }]);
    });
  },
  async 'insert formats'() {
    await withTable('a UInt32, b String', async (client) => {
      await client.insert({ table, values: [[1, 'x']], format: 'JSONCompactEachRow' });
      await client.insert({ table, values: [['a', 'b'], [2, 'y']], format: 'JSONCompactEachRowWithNames' });
      await client.insert({ table, values: { meta: [{ name: 'a', type: 'UInt32' }, { name: 'b', type: 'String' }], data: [{ a: 3, b: 'z' }] }, format: 'JSON' });
      await client.insert({ table, values: { row: { a: 4, b: 'o' } }, format: 'JSONObjectEachRow' });
      for (const [format, text] of [
        ['CSV', '5,"c"\n'], ['CSVWithNames', '"b","a"\n"c",6\n'], ['TabSeparated', '7\tt\n'],
        ['TabSeparatedWithNamesAndTypes', 'a\tb\nUInt32\tString\n8\tt\n'], ['CustomSeparated', '9\tt\n'],
      ]) {
        await client.insert({ table, values: Readable.from([text], { objectMode: false }), format });
      }
      assert.deepEqual((await rowsOf(client)).map((r) => r.a), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });
  },
  async 'insert binary'() {
    await withTable('a UInt8', async (client) => {
      const bytes = Buffer.from([10, 10, 13, 59, 0, 255, 32]);
      await client.exec({ query: `INSERT INTO ${table} FORMAT RowBinary`, values: Readable.from([bytes], { objectMode: false }) });
      assert.deepEqual((await rowsOf(client, 'a', 'a')).map((r) => r.a), [0, 10, 10, 13, 32, 59, 255]);
    });
  },
  async 'insert some columns'() {
    await withTable("a UInt32, b String DEFAULT concat('d', toString(a)), c UInt8 DEFAULT 7", async (client) => {
      await client.insert({ table, values: [{ a: 1 }], format: 'JSONEachRow', columns: ['a'] });
      await client.insert({ table, values: [{ a: 2, b: 'x' }], format: 'JSONEachRow', columns: { except: ['c'] } });
      await client.insert({ table, values: [{ a: 3 }], format: 'JSONEachRow' });
      assert.deepEqual(await rowsOf(client), [{ a: 1, b: 'd1', c: 7 }, { a: 2, b: 'x', c: 7 }, { a: 3, b: 'd3', c: 7 }]);
    });
  },
  async types() {
    await withTable(
      'a UInt64, n Nullable(Int32), d DateTime64(3, \'UTC\'), l LowCardinality(String), r Array(Float64), m Map(String, UInt8), '
      + 't Tuple(x UInt8, y String), u UUID, e Enum8(\'on\' = 1), z Decimal(18, 4), b Bool',
      async (client) => {
        const row = {
          a: '18446744073709551615', n: null, d: '2026-01-02 03:04:05.678', l: 'low', r: [1.5, -2], m: { k: 1 },
          t: { x: 1, y: 'q' }, u: '00112233-4455-6677-8899-aabbccddeeff', e: 'on', z: 12.3456, b: true,
        };
        await client.insert({ table, values: [row], format: 'JSONEachRow' });
        assert.deepEqual(await rowsOf(client), [row]);
      });
  },
  async bigint() {
    await withTable('a UInt64, b Int128', async (client) => {
      await client.insert({ table, values: [{ a: '9007199254740993', b: '-170141183460469231731687303715884105728' }], format: 'JSONEachRow' });
      assert.deepEqual(await rowsOf(client), [{ a: '9007199254740993', b: '-170141183460469231731687303715884105728' }]);
    });
  },
  async dates() {
    await withTable("a DateTime('UTC'), b DateTime64(9, 'UTC')", async (client) => {
      await client.insert({
        table, values: [{ a: new Date('2026-05-06T07:08:09Z'), b: new Date('2026-05-06T07:08:09.123Z') }], format: 'JSONEachRow',
        clickhouse_settings: { date_time_input_format: 'best_effort' },
      });
      assert.deepEqual(await rowsOf(client), [{ a: '2026-05-06 07:08:09', b: '2026-05-06 07:08:09.123000000' }]);
    });
  },
  async 'query parameters'() {
    const client = open();
    const query_params = {
      i: 42, s: "it's \\ \t\n quoted", n: null, a: [1, 2], as: ["x'y", 'z'], m: { k: 1 }, b: true, d: new Date('2026-01-02T03:04:05Z'),
      t: new TupleParam([1, 'q']), name: 'number', big: 18446744073709551615n,
    };
    const query =
      'SELECT {i:Int32} AS i, {s:String} AS s, {n:Nullable(String)} AS n, {a:Array(UInt8)} AS a, {as:Array(String)} AS `as`, '
      + "{m:Map(String, UInt8)} AS m, {b:Bool} AS b, {d:DateTime('UTC')} AS d, {t:Tuple(UInt8, String)} AS t, "
      + '{big:UInt64} AS big, {name:Identifier} AS x FROM numbers(1)';
    const expected = [{
      i: 42, s: "it's \\ \t\n quoted", n: null, a: [1, 2], as: ["x'y", 'z'], m: { k: 1 }, b: true, d: '2026-01-02 03:04:05', t: [1, 'q'],
      big: '18446744073709551615', x: '0',
    }];
    for (const use_multipart_params of [false, true]) {
      const rows = await client.query({ query, query_params, format: 'JSONEachRow', use_multipart_params });
      assert.deepEqual(await rows.json(), expected);
    }
    await client.close();
  },
  async settings() {
    const client = open({ clickhouse_settings: { max_block_size: '1234' } });
    const read = async (clickhouse_settings) =>
      (await (await client.query({ query: "SELECT getSetting('max_block_size') AS v", format: 'JSONEachRow', clickhouse_settings })).json())[0].v;
    assert.equal(String(await read()), '1234');
    assert.equal(String(await read({ max_block_size: '99' })), '99');
    assert.equal(String(await read()), '1234');
    const error = await failure(() => client.query({ query: 'SELECT 1', clickhouse_settings: { no_such_setting: 1 } }));
    assert.equal(error.code, '115');
    assert.equal(error.type, 'UNKNOWN_SETTING');
    await client.close();
  },
  async compression() {
    for (const codec of [true, { codec: 'br' }]) {
      await withTable('a UInt32, b String', async (client) => {
        await client.insert({ table, values: Array.from({ length: 5000 }, (_, a) => ({ a, b: `row ${a}` })), format: 'JSONEachRow' });
        const rows = await client.query({ query: `SELECT * FROM ${table} ORDER BY a`, format: 'JSONEachRow' });
        assert.ok(rows.response_headers['content-encoding']);
        assert.equal((await rows.json()).length, 5000);
        const error = await failure(() => client.query({ query: 'SELECT * FROM no_such_table' }));
        assert.equal(error.code, '60');
      }, { compression: { request: codec, response: codec } });
    }
  },
  async 'errors have code and type'() {
    const client = open();
    for (const [query, code, type] of [
      ['SELECT * FROM no_such_table', '60', 'UNKNOWN_TABLE'], ['SELECT 1 1 1', '62', 'SYNTAX_ERROR'], ['SELECT no_such_column', '47', 'UNKNOWN_IDENTIFIER'],
      ['SELECT no_such_function(1)', '46', 'UNKNOWN_FUNCTION'], ["SELECT throwIf(1, 'mine')", '395', 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO'],
    ]) {
      const error = await failure(async () => (await client.query({ query })).text());
      assert.ok(error instanceof ClickHouseError, `${query}: ${error}`);
      assert.equal(error.code, code);
      assert.equal(error.type, type);
    }
    await client.close();
  },
  async 'error within a stream'() {
    const client = open();
    const ask = async () => {
      const rows = await client.query({ query: 'SELECT number, throwIf(number = 3000000) AS t FROM numbers(6000000)', format: 'JSONEachRow' });
      return failure(async () => { for await (const part of rows.stream()) assert.ok(part); });
    };
    // The client looks for the error in the last piece it reads, and TCP may cut it in two, from any server: then it says so, and is asked again.
    let error = await ask();
    for (let again = 0; again < 4 && String(error).includes('there was an error in the stream'); again++) error = await ask();
    assert.ok(error instanceof ClickHouseError, String(error));
    assert.equal(error.code, '395');
    await client.close();
  },
  async 'command and exec'() {
    const client = open();
    const made = await client.command({ query: `CREATE TABLE ${table} (a UInt8) ENGINE = Memory`, clickhouse_settings: { wait_end_of_query: 1 } });
    assert.ok(made.query_id);
    await client.command({ query: `INSERT INTO ${table} VALUES (1), (2)` });
    await client.command({ query: `INSERT INTO ${table} SELECT number FROM numbers(3)` });
    const { stream } = await client.exec({ query: `SELECT count() FROM ${table} FORMAT CSV` });
    const parts = [];
    for await (const part of stream) parts.push(part);
    assert.equal(Buffer.concat(parts).toString(), '5\n');
    await client.command({ query: `DROP TABLE ${table}` });
    await client.close();
  },
  async 'insert values with parameters'() {
    await withTable('a UInt8, b String', async (client) => {
      await client.command({ query: `INSERT INTO ${table} VALUES ({a:UInt8}, {b:String})`, query_params: { a: 5, b: "q'u" } });
      assert.deepEqual(await rowsOf(client), [{ a: 5, b: "q'u" }]);
    });
  },
  async 'session is refused'() {
    const client = open({ session_id: `session-${table}` });
    const error = await failure(() => client.query({ query: 'SELECT 1' }));
    assert.equal(error.code, '48');
    assert.ok(error.message.includes('session_id'));
    await client.close();
  },
  async abort() {
    const client = open();
    const abort = new AbortController();
    const query_id = `abort-${table}`;
    const work = client.query({
      query: 'SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1', abort_signal: abort.signal, query_id,
      clickhouse_settings: { cancel_http_readonly_queries_on_client_close: 1 },
    });
    const running = async () => (await (await client.query({
      query: 'SELECT count() AS n FROM system.processes WHERE query_id = {id:String}', query_params: { id: query_id }, format: 'JSONEachRow',
    })).json())[0].n;
    while (Number(await running()) === 0);
    abort.abort();
    await assert.rejects(work);
    while (Number(await running()) !== 0);
    await client.close();
  },
  async 'kill query'() {
    const client = open();
    const query_id = `kill-${table}`;
    const work = failure(async () => (await client.query({ query: 'SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1', query_id })).text());
    let killed = [];
    while (killed.length === 0) {
      killed = (await (await client.query({ query: `KILL QUERY WHERE query_id = '${query_id}' AND user = 'default' SYNC` })).json()).data;
    }
    assert.equal(killed[0].query_id, query_id);
    assert.equal(killed[0].kill_status, 'finished');
    assert.equal((await work).code, '394');
    await client.close();
  },
  async 'query id'() {
    const client = open();
    const query_id = `mine-${table}`;
    for (let i = 0; i < 20; i++) {
      const rows = await client.query({ query: 'SELECT queryID() AS id', query_id, format: 'JSONEachRow' });
      assert.equal(rows.query_id, query_id);
      assert.deepEqual(await rows.json(), [{ id: query_id }]);
    }
    await client.close();
  },
  async 'database'() {
    const client = open();
    await client.command({ query: `CREATE DATABASE ${table}` });
    const inside = open({ database: table });
    await inside.command({ query: 'CREATE TABLE inner_table (a UInt8) ENGINE = Memory' });
    await inside.insert({ table: 'inner_table', values: [{ a: 1 }], format: 'JSONEachRow' });
    assert.deepEqual(await (await client.query({ query: `SELECT * FROM ${table}.inner_table`, format: 'JSONEachRow' })).json(), [{ a: 1 }]);
    await client.command({ query: `DROP DATABASE ${table}` });
    assert.equal((await failure(() => inside.query({ query: 'SELECT 1' }))).code, '81');
    await inside.close();
    await client.close();
  },
  async 'keep alive'() {
    const client = open({ max_open_connections: 4, keep_alive: { enabled: true } });
    for (let i = 0; i < 100; i++) {
      const answers = await Promise.all([1, 2, 3, 4].map(async (n) =>
        (await (await client.query({ query: `SELECT ${n * i} AS v`, format: 'JSONEachRow' })).json())[0].v));
      assert.deepEqual(answers.map(Number), [i, 2 * i, 3 * i, 4 * i]);
    }
    await client.close();
  },
  async 'concurrent inserts'() {
    await withTable('a UInt32', async (client) => {
      await Promise.all(Array.from({ length: 10 }, (_, k) =>
        client.insert({ table, values: Array.from({ length: 1000 }, (_unused, i) => ({ a: (k * 1000) + i })), format: 'JSONEachRow' })));
      assert.deepEqual(await rowsOf(client, 'count() AS n, uniqExact(a) AS u', 'n'), [{ n: '10000', u: '10000' }]);
    });
  },
  async 'async insert'() {
    await withTable('a UInt32', async (client) => {
      await client.insert({ table, values: [{ a: 1 }], format: 'JSONEachRow', clickhouse_settings: { async_insert: 1, wait_for_async_insert: 1 } });
      assert.deepEqual(await rowsOf(client), [{ a: 1 }]);
    });
  },
  async 'failed insert'() {
    await withTable('a UInt32', async (client) => {
      const error = await failure(() => client.insert({ table, values: [{ a: 'no number' }], format: 'JSONEachRow' }));
      assert.ok(error instanceof ClickHouseError, String(error));
      assert.equal((await failure(() => client.insert({ table: `${table}_none`, values: [{ a: 1 }], format: 'JSONEachRow' }))).code, '60');
      assert.deepEqual(await rowsOf(client), []);
    });
  },
  async 'response headers'() {
    const client = open();
    const rows = await client.query({ query: 'SELECT 1', format: 'CSV', clickhouse_settings: { wait_end_of_query: 1 } });
    const headers = rows.response_headers;
    assert.equal(headers['x-clickhouse-format'], 'CSV');
    assert.match(headers['content-type'], /text\/csv/);
    assert.ok(headers['x-clickhouse-timezone']);
    assert.ok(headers['x-clickhouse-server-display-name']);
    assert.equal(JSON.parse(headers['x-clickhouse-summary']).read_rows, '1');
    assert.equal(await rows.text(), '1\n');
    await client.close();
  },
};

if (url === '--list') {
  process.stdout.write(`${Object.keys(checks).join('\n')}\n`);
}

for (const [i, name] of names.entries()) {
  table = `js_${process.pid}_${Date.now()}_${i}`;
  let error;
  try {
    assert.ok(checks[name], `no such check: ${name}`);
    await checks[name]();
  } catch (e) {
    error = e.stack;
  }
  process.stdout.write(`${JSON.stringify({ name, error })}\n`);
}
