import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get } from "../../api/client";
import { exploreLink } from "../../app/router";
import { isLive, span, type View } from "../../chart/view";
import { step } from "../../lib/format";
import { timeOf } from "../../lib/zone";
import { Scroll } from "../../ui/Scroll";

interface Row { t: number; what: string; kind: string; text: string; sensor: string | null; until: number | null; by: string; colour: string }

const EVERY_MS = 10_000, LIST_MAX = 500;

/** What happened to the device in the range of the chart: a line of time, and a list. */
export function Happened({ device, view }: { device: string; view: View }) {
  const rows = useSignal<Row[] | null>(null), problem = useSignal("");
  const [from, to] = span(view);
  useEffect(() => {
    let timer = 0;
    const stop = new AbortController();
    const load = async () => {
      const [first, last] = span(view), range = { device, from: Math.floor(first), to: Math.ceil(last), limit: LIST_MAX };
      try {
        const [alarms, incidents, events] = await Promise.all([
          get("alarms/history", range, stop.signal),
          get("incidents", range, stop.signal),
          get("device-events", range, stop.signal),
        ]);
        rows.value = [
          ...alarms.changes.map((one): Row => ({ t: Date.parse(one.time), what: "alarm", kind: `${one.source} ${one.transition}`, text: [one.text, one.comment && `“${one.comment}”`].filter(Boolean).join(" "), sensor: one.sensor, until: null, by: one.by ?? "", colour: `--${one.priority}` })),
          ...incidents.incidents.map((one): Row => ({ t: Date.parse(one.time), what: "incident", kind: one.kind, text: one.text, sensor: one.sensor || null, until: one.endTime ? Date.parse(one.endTime) : null, by: one.detectors.join(", "), colour: "--incident" })),
          ...events.events.map((one): Row => ({ t: Date.parse(one.time), what: "event", kind: one.kind, text: one.detail, sensor: null, until: null, by: "", colour: "--muted" })),
        ].sort((a, b) => b.t - a.t);
        problem.value = "";
      } catch (error) { if (stop.signal.aborted) return; problem.value = (error as Error).message; }
      if (isLive(view) || problem.peek()) timer = window.setTimeout(() => void load(), EVERY_MS);
    };
    void load();
    return () => { stop.abort(); clearTimeout(timer); };
  }, [device, JSON.stringify(view)]);

  const place = (t: number) => `${Math.max(0, Math.min(100, ((t - from) / (to - from)) * 100))}%`;
  return (
    <section class="panel" aria-labelledby="happened-title">
      <div class="bar"><h2 id="happened-title">Alarms, incidents and events</h2><span class="muted">{rows.value ? `${rows.value.length} in this range` : ""}</span></div>
      {problem.value && <p class="empty error">{problem.value}</p>}
      <div class="timeline" aria-hidden="true">{(rows.value ?? []).map((row, i) => <i key={i} class={row.what} title={`${row.kind}: ${row.text}`} style={{ left: place(row.t), ...(row.until ? { width: `calc(${place(row.until)} - ${place(row.t)})` } : {}), background: `var(${row.colour})` }} />)}</div>
      <Scroll label="List of what happened" short><table id="happened">
        <thead><tr><th>Time</th><th>Kind</th><th>Sensor</th><th>What</th><th>By</th></tr></thead>
        <tbody>{(rows.value ?? []).map((row, i) => (
          <tr key={i} data-what={row.what}>
            <td>{timeOf(new Date(row.t).toISOString())}{row.until && <small> for {step(Math.max(1000, Math.round((row.until - row.t) / 1000) * 1000))}</small>}</td>
            <td><span class="kind" style={{ "--k": `var(${row.colour})` }}>{row.kind}</span></td>
            <td>{row.sensor ? <a href={exploreLink([`${device}/${row.sensor}`], { from: String(row.t - 120_000), to: String(row.t + 120_000) })}>{row.sensor}</a> : ""}</td>
            <td class="what">{row.text}</td><td>{row.by}</td>
          </tr>
        ))}{rows.value?.length === 0 && <tr><td colSpan={5} class="empty">Nothing in this range.</td></tr>}</tbody>
      </table></Scroll>
    </section>
  );
}
