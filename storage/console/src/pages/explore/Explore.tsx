import { useEffect, useMemo } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { address, go, here } from "../../app/router";
import { useTitle } from "../../app/Shell";
import { Loader } from "../../chart/Loader";
import { Viewer, live, pan } from "../../chart/Viewer";
import { deviceOf, parameters, RANGES, read, sensorOf, SERIES_MAX, type View } from "../../chart/view";
import { zone } from "../../lib/zone";
import { FullScreen } from "../../ui/FullScreen";
import { Empty } from "./Empty";
import { Export } from "./Export";
import { Picker } from "./Picker";
import { Ranges } from "./Ranges";
import { StatisticsTable } from "./StatisticsTable";

/** Any number of series from any devices on one time axis. */
export function Explore() {
  const query = here.value.search;
  const view = useMemo(() => read(new URLSearchParams(query)), [query]);
  const loader = useMemo(() => new Loader(), []);
  const statistics = useSignal(false), help = useSignal(false);

  const change = (next: View, replace = false) => go(link(next), replace);
  const add = (series: string) => { if (!view.series.includes(series)) change({ ...view, series: [...view.series, series].slice(0, SERIES_MAX) }); };
  const remove = (series: string) => change({ ...view, series: view.series.filter((one) => one !== series) });
  useTitle(titleOf(view));

  useEffect(() => {
    const keys = (event: KeyboardEvent) => {
      if ((event.target as HTMLElement).closest("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
      const preset = RANGES[Number(event.key) - 1];
      if (event.key === "/") { event.preventDefault(); document.getElementById("add")?.focus(); }
      else if (preset) change({ ...view, range: preset[0], from: 0, to: 0 });
      else if (event.key === "ArrowLeft") change(pan(view, -0.5));
      else if (event.key === "ArrowRight") change(pan(view, 0.5));
      else if (event.key === "-") change(pan(view, 0, 2));
      else if (event.key === "+") change(pan(view, 0, 0.5));
      // Where the browser itself does not take Escape to leave the full screen.
      else if (event.key === "Escape" && document.fullscreenElement) void document.exitFullscreen();
      else if (event.key === "0" || event.key === "Escape") { help.value = false; change(live(view)); }
      else if (event.key === "?") help.value = !help.value;
    };
    document.addEventListener("keydown", keys);
    return () => document.removeEventListener("keydown", keys);
  }, [view]);

  return (
    <section class="panel explore" aria-labelledby="title">
      <div class="bar">
        <h1 id="title">{view.series.length ? titleOf(view) : "Explore"}</h1>
        <Picker chosen={view.series} add={add} />
        <Ranges view={view} change={change} />
      </div>
      <div class="bar tools">
        <label>Compare with <select id="versus" value={view.versus} onChange={(event) => change({ ...view, versus: event.currentTarget.value as View["versus"] })}>
          <option value="">nothing</option><option value="1d">the day before</option><option value="7d">the week before</option>
        </select></label>
        <label>Buckets <select id="step" value={view.step} onChange={(event) => change({ ...view, step: event.currentTarget.value })}>
          <option value="">fitting</option><option value="raw">none: readings</option><option value="1m">1 min</option><option value="15m">15 min</option><option value="1h">1 h</option><option value="1d">1 day, in {zone.value}</option>
        </select></label>
        <button id="statistics-toggle" aria-pressed={statistics.value} disabled={!view.series.length} onClick={() => { statistics.value = !statistics.value; }}>Statistics</button>
        <Export view={view} loader={loader} />
        <FullScreen of=".explore" />
        <button class="icon" aria-pressed={help.value} title="Keys (?)" aria-label="Keys" onClick={() => { help.value = !help.value; }}>?</button>
      </div>
      {help.value && <Keys />}
      {view.series.length === 0 && <Empty add={add} />}
      <Viewer loader={loader} view={view} change={change} remove={remove} wheel label={titleOf(view)} />
      {statistics.value && <StatisticsTable view={view} loader={loader} />}
    </section>
  );
}

function titleOf(view: View): string {
  const [first] = view.series;
  if (!first) return "Explore";
  const devices = [...new Set(view.series.map(deviceOf))], sensors = [...new Set(view.series.map(sensorOf))];
  const few = (names: string[], what: string) => names.length <= 3 ? names.join(", ") : `${names.length} ${what}`;
  return `${few(sensors, "sensors")} · ${few(devices, "devices")}`;
}

export function link(view: View): string {
  const query = new URLSearchParams();
  for (const series of view.series) query.append("s", series);
  for (const [name, value] of Object.entries(parameters(view))) if (value) query.set(name, value);
  const tz = new URLSearchParams(location.search).get("tz");
  if (tz) query.set("tz", zone.peek());
  return address("/explore", query);
}

const KEYS: [string, string][] = [
  ["/", "add a series"], [`1 … ${RANGES.length}`, RANGES.map(([name]) => name).join(", ")], ["← →", "earlier, later; on the chart: the cursor"], ["Shift ← →", "on the chart: earlier, later"],
  ["+ −", "zoom"], ["0", "live"], ["?", "this list"],
];

const Keys = () => <dl class="keys">{KEYS.map(([key, what]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{what}</dd></div>)}<div><dt>Mouse</dt><dd>drag a range, wheel zooms, double click: live</dd></div><div><dt>Touch</dt><dd>one finger moves, two zoom</dd></div></dl>;

