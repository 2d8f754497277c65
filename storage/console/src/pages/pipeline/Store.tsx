import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get, type Answer } from "../../api/client";
import { bytes, number, short } from "../../lib/format";
import { timeOf } from "../../lib/zone";
import { Scroll } from "../../ui/Scroll";

const EVERY_MS = 60_000;

/** What each table of the store takes on disk. */
export function Store() {
  const size = useSignal<Answer<"get", "store/size"> | null>(null), problem = useSignal("");
  useEffect(() => {
    const load = () => get("store/size").then((found) => { size.value = found; problem.value = ""; }, (error: Error) => { problem.value = error.message; });
    void load();
    const timer = setInterval(() => { if (!document.hidden) void load(); }, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const s = size.value;
  return (
    <section class="panel" aria-labelledby="size-title"><div class="bar"><h2 id="size-title">Size of the store</h2>
      {s && <span class="muted">{bytes(s.bytes)} in {s.parts.toLocaleString("en-US")} parts{s.replaced.parts > 0 && `, and ${bytes(s.replaced.bytes)} that merges have replaced`}</span>}</div>
      {problem.value && <p class="empty error">{problem.value}</p>}
      {s && <Scroll label="Size of tables" short><table id="size"><thead><tr><th>Table</th><th class="num">Bytes</th><th class="num">Rows</th><th class="num">Parts</th><th class="num">Bytes a reading</th><th>Oldest</th></tr></thead>
        <tbody>{s.tables.map((one) => (
          <tr key={one.table} data-size={one.table}><td>{one.table}</td><td class="num">{bytes(one.bytes)}</td><td class="num">{short(one.rows)}</td><td class="num">{one.parts}</td><td class="num">{number(one.bytesPerReading, 3)}</td><td>{timeOf(one.oldest)}</td></tr>
        ))}</tbody></table></Scroll>}
    </section>
  );
}
