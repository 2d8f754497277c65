import { useEffect, useRef } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { isAbort, question } from "../../api/client";
import { named } from "../../api/series";
import type { Statistics } from "../../api/types";
import type { Loader } from "../../chart/Loader";
import { span, type View } from "../../chart/view";
import { number, percent } from "../../lib/format";
import { time } from "../../lib/zone";
import { Scroll } from "../../ui/Scroll";

/** Figures of every reading in the range, worked out by the server. */
export function StatisticsTable({ view, loader }: { view: View; loader: Loader }) {
  const rows = useSignal<Map<string, Statistics | string>>(new Map()), range = useSignal<[number, number]>([0, 0]);
  const low = useSignal(""), high = useSignal("");
  const stop = useRef(new AbortController());
  const load = () => {
    // Of two questions under way the answer to the first may come last.
    stop.current.abort();
    stop.current = new AbortController();
    const { signal } = stop.current, [from, to] = span(view);
    range.value = [from, to];
    rows.value = new Map();
    if (!view.series.length) return;
    const ask = (list: string[]) => question("statistics", { series: list.map((series) => ({ ...named(series), ...limitsOf(series) })), from: String(Math.floor(from)), to: String(Math.ceil(to)) }, signal).then(
      (found) => { const next = new Map(rows.peek()); found.series.forEach((row, i) => next.set(list[i]!, row)); rows.value = next; });
    const told = (series: string) => (error: Error) => { if (!isAbort(error)) rows.value = new Map(rows.peek()).set(series, error.message); };
    // One whose limits make no sense is told beside the others.
    ask(view.series).catch((error: Error) => { if (!isAbort(error)) for (const series of view.series) void ask([series]).catch(told(series)); });
  };
  const limitsOf = (series: string) => {
    const info = loader.lines.peek().find((line) => line.series === series)?.info, typed = (text: string) => text.trim() ? Number(text.replace(",", ".")) : null;
    return { low: typed(low.peek()) ?? info?.low ?? null, high: typed(high.peek()) ?? info?.high ?? null };
  };
  useEffect(() => { load(); return () => stop.current.abort(); }, [JSON.stringify(view)]);
  return (
    <section class="statistics" aria-label="Statistics">
      <div class="bar"><h2>Statistics</h2><span class="muted">{time(range.value[0])} – {time(range.value[1])}, every reading</span>
        <label>Limits <input id="low" inputMode="decimal" size={6} placeholder="low" value={low.value} onInput={(event) => { low.value = event.currentTarget.value; }} /></label>
        <label>to <input id="high" inputMode="decimal" size={6} placeholder="high" value={high.value} onInput={(event) => { high.value = event.currentTarget.value; }} /></label>
        <button onClick={load}>Work out</button></div>
      <Scroll label="Figures"><table id="statistics">
        <thead><tr>{["Series", "Readings", "Least", "Mean", "Greatest", "Std. deviation", "5 %", "Median", "95 %", "Within limits", "Uncertain", "Bad"].map((name, i) => <th key={name} class={i ? "num" : ""}>{name}</th>)}</tr></thead>
        <tbody>{view.series.map((series) => {
          const row = rows.value.get(series);
          if (!row || typeof row === "string") return <tr key={series}><td>{series}</td><td colSpan={11} class={row ? "error" : "muted"}>{row ?? "Working it out …"}</td></tr>;
          return (
            <tr key={series} data-statistics={series}><td>{series}</td><td class="num">{row.readings.toLocaleString("en-US")}</td>
              {[row.min, row.mean, row.max, row.deviation, row.p05, row.p50, row.p95].map((value, i) => <td key={i} class="num">{number(value, 6)}</td>)}
              <td class="num">{percent(row.within)}</td><td class="num">{percent(row.readings ? row.uncertain / row.readings : null)}</td><td class="num">{percent(row.readings ? row.bad / row.readings : null)}</td></tr>
          );
        })}</tbody>
      </table></Scroll>
    </section>
  );
}
