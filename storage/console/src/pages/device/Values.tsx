import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { seriesOf } from "../../api/series";
import type { BucketColumns, Latest, RawColumns } from "../../api/types";
import { worst } from "../../app/alarms";
import { now } from "../../app/health";
import { sensorOf } from "../../chart/view";
import { age, number, secondsSince } from "../../lib/format";
import { timeOf } from "../../lib/zone";
import { Spark } from "../../ui/Spark";
import { Scroll } from "../../ui/Scroll";

const SPARKS_MAX = 60;

/** The newest value of each sensor, with its last hour. A click puts it into the chart. */
export function Values({ device, latest, chosen, toggle }: { device: string; latest: Latest[] | null; chosen: string[]; toggle: (series: string) => void }) {
  const sparks = useSignal<ReadonlyMap<string, (number | null)[]>>(new Map());
  const names = latest?.map((row) => row.sensor).join() ?? "";
  useEffect(() => {
    const stop = new AbortController();
    void (async () => {
      const rows = (latest ?? []).slice(0, SPARKS_MAX);
      if (!rows.length) return;
      try {
        const found = await seriesOf({ series: rows.map((row) => `${device}/${row.sensor}`), from: Date.now() - 36e5, to: Date.now(), points: 48 }, stop.signal);
        sparks.value = new Map([...found].map(([name, series]) => [sensorOf(name), series instanceof Error ? [] : series.raw ? (series.columns as RawColumns).value : (series.columns as BucketColumns).mean]));
      } catch { return; }
    })();
    return () => stop.abort();
  }, [device, names]);
  if (latest === null) return <p class="empty busy" role="status">Loading …</p>;
  if (!latest.length) return <p class="empty">Nothing of this device is stored.</p>;
  const alarm = worst.value.get(device);
  return (
    <Scroll label="Newest values"><table id="values">
      <thead><tr><th>Sensor</th><th class="num">Value</th><th>Last hour</th><th>Quality</th><th>Time</th></tr></thead>
      <tbody>{latest.map((row) => {
        const seconds = secondsSince(row.time, now.value);
        return (
          <tr key={row.sensor} data-sensor={row.sensor} class={seconds === null || seconds > 120 ? "stale" : ""}>
            <td><button class="plain" aria-pressed={chosen.includes(`${device}/${row.sensor}`)} title="Show it in the chart" onClick={() => toggle(`${device}/${row.sensor}`)}>{row.displayName || row.sensor}</button>{alarm?.sensor === row.sensor && <span class={`priority ${alarm.priority}`}>{alarm.priority}</span>}</td>
            <td class="num"><b>{row.time === null ? "–" : row.special || number(row.value, 6, row.decimals)}</b>{row.unit && <small> {row.unit}</small>}</td>
            <td><Spark values={sparks.value.get(row.sensor) ?? []} /></td>
            <td>{row.quality === 0 ? "good" : <em class={row.quality === 1 ? "uncertain" : "bad"}>{row.quality === 1 ? "uncertain" : "bad"}</em>}{row.clockAhead && <small> clock ahead</small>}</td>
            <td title={timeOf(row.time, true)}>{seconds === null ? "–" : `${age(seconds)} ago`}</td>
          </tr>
        );
      })}</tbody>
    </table></Scroll>
  );
}
