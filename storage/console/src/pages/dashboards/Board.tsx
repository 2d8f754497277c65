import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { sensorsOf, type SensorInfo } from "../../api/catalogue";
import { get } from "../../api/client";
import { seriesOf } from "../../api/series";
import type { AlarmStats, BucketColumns, Latest, RawColumns, Series } from "../../api/types";
import { standing } from "../../app/alarms";
import { now } from "../../app/health";
import { deviceLink, exploreLink } from "../../app/router";
import { Loader } from "../../chart/Loader";
import { Viewer } from "../../chart/Viewer";
import { deviceOf, RANGES, sensorOf, type View } from "../../chart/view";
import { age, number, secondsSince } from "../../lib/format";
import { Pareto } from "../pipeline/AlarmLoad";
import type { Dashboard, Panel } from "./model";
import { Scroll } from "../../ui/Scroll";

/** The panels on their grid; on a phone one below the other. */
export function Board({ board }: { board: Dashboard }) {
  return (
    <div class="board">
      {board.panels.map((panel, i) => (
        <section key={`${i} ${JSON.stringify(panel)}`} class={`panel board-${panel.type}`} data-panel={panel.type} aria-label={panel.title || panel.type} style={{ gridColumn: `${panel.x + 1} / span ${panel.w}`, gridRow: `${panel.y + 1} / span ${panel.h}` }}>
          {panel.title && <div class="bar"><h2>{panel.series.length ? <a href={exploreLink(panel.series, { range: panel.range })}>{panel.title}</a> : panel.title}</h2></div>}
          <Content panel={panel} />
        </section>
      ))}
    </div>
  );
}

function Content({ panel }: { panel: Panel }) {
  switch (panel.type) {
    case "chart": return <Chart panel={panel} />;
    case "states": return <States panel={panel} />;
    case "pareto": return <Alarms />;
    case "alarms": return <Standing />;
    default: return <Newest panel={panel} />;
  }
}

function Chart({ panel }: { panel: Panel }) {
  const loader = useMemo(() => new Loader(false), []), view = useSignal<View>({ series: panel.series, range: panel.range, from: 0, to: 0, step: "", versus: "" });
  return <Viewer loader={loader} view={view.value} change={(next) => { view.value = next; }} label={panel.title} />;
}

const EVERY_MS = 5_000;

interface Value extends Latest { info: SensorInfo | undefined }

function Newest({ panel }: { panel: Panel }) {
  const values = useSignal<(Value | null)[]>([]);
  useEffect(() => {
    const load = () => Promise.all(panel.series.map(async (series): Promise<Value | null> => {
      const [{ latest: [row] }, sensors] = await Promise.all([get("latest", { device: deviceOf(series), sensor: sensorOf(series) }), sensorsOf(deviceOf(series))]);
      return row ? { ...row, info: sensors.get(sensorOf(series)) } : null;
    })).then((found) => { values.value = found; }, () => undefined);
    void load();
    const timer = setInterval(() => { if (!document.hidden) void load(); }, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const text = (row: Value | null) => row === null ? "–" : (row.value !== null && row.info?.states[String(row.value)]) || row.special || number(row.value, 5, row.info?.decimals);
  const old = (row: Value | null) => { const seconds = secondsSince(row?.time, now.value); return seconds === null ? "never" : seconds < 60 ? "" : `${age(seconds)} ago`; };
  if (panel.type === "value") {
    return <div class="big">{values.value.map((row, i) => <p key={i}><b>{text(row)}</b><span>{row?.info?.unit}</span>{old(row) && <small class="silent">{old(row)}</small>}{values.value.length > 1 && <small>{panel.series[i]}</small>}</p>)}</div>;
  }
  const most = Math.max(1e-300, ...values.value.map((row) => Math.abs(row?.value ?? 0)));
  return (
    <Scroll label="Values"><table><tbody>{values.value.map((row, i) => (
      <tr key={i} class={old(row) ? "stale" : ""}><td><a href={deviceLink(deviceOf(panel.series[i] ?? ""))}>{panel.series[i]}</a></td>
        {panel.type === "bar" && <td class="bar-cell"><i style={{ width: `${(Math.abs(row?.value ?? 0) / most) * 100}%` }} /></td>}
        <td class="num"><b>{text(row)}</b> <small>{row?.info?.unit}</small></td><td class="silent">{old(row)}</td></tr>
    ))}</tbody></table></Scroll>
  );
}

/** The values of states over time, as coloured stretches. */
function States({ panel }: { panel: Panel }) {
  const rows = useSignal<{ series: string; from: number; to: number; parts: { from: number; to: number; value: number; name: string }[] }[]>([]);
  useEffect(() => {
    const stop = new AbortController(), length = RANGES.find(([name]) => name === panel.range)?.[1] ?? 36e5;
    const load = async () => {
      const now = Date.now(), found = await seriesOf({ series: panel.series, from: now - length, to: now, points: 1000 }, stop.signal);
      rows.value = await Promise.all([...found].flatMap(([series, answer]) => answer instanceof Error ? [] : [row(series, answer)]));
    };
    const row = async (series: string, answer: Series) => {
      const sensors = await sensorsOf(deviceOf(series));
      const values = answer.raw ? (answer.columns as RawColumns).value : (answer.columns as BucketColumns).max, states = sensors.get(sensorOf(series))?.states ?? {};
      const parts: { from: number; to: number; value: number; name: string }[] = [];
      answer.columns.t.forEach((t, i) => {
        const value = values[i], last = parts.at(-1);
        if (value === null || value === undefined) return;
        if (last) last.to = t;
        if (last?.value !== value) parts.push({ from: t, to: t + answer.stepMs, value, name: states[String(value)] ?? number(value) });
      });
      return { series, from: Date.parse(answer.from), to: Date.parse(answer.to), parts };
    };
    void load().catch(() => undefined);
    const timer = setInterval(() => { if (!document.hidden) void load().catch(() => undefined); }, EVERY_MS * 2);
    return () => { stop.abort(); clearInterval(timer); };
  }, []);
  return <ul class="rows states">{rows.value.map((row) => (
    <li key={row.series}><span>{row.series}</span><div>{row.parts.map((one, i) => <i key={i} title={`${one.name} since ${new Date(one.from).toISOString()}`} style={{ left: `${((one.from - row.from) / (row.to - row.from)) * 100}%`, width: `${((one.to - one.from) / (row.to - row.from)) * 100}%`, background: `var(--line${Math.abs(Math.round(one.value)) % 8})` }} />)}</div><b>{row.parts.at(-1)?.name ?? "–"}</b></li>
  ))}</ul>;
}

function Alarms() {
  const stats = useSignal<AlarmStats | null>(null), problem = useSignal("");
  useEffect(() => { get("alarms/stats", { from: "now-24h" }).then((found) => { stats.value = found; }, (error: Error) => { problem.value = error.message; }); }, []);
  return problem.value ? <p class="empty error">{problem.value}</p> : stats.value && <Pareto top={stats.value.top} />;
}

const SHOWN = 20;

const Standing = () => (
  <ul class="rows">{standing.value.slice(0, SHOWN).map((alarm) => <li key={alarm.id}><span class={`priority ${alarm.priority}`}>{alarm.priority}</span><a href={deviceLink(alarm.device)}>{alarm.device}</a> {alarm.text}<span class="muted">{age(secondsSince(alarm.since, now.value) ?? 0)}</span></li>)}
    {!standing.value.length && <li class="muted">No alarm stands.</li>}</ul>
);
