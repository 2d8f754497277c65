import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get, question } from "../../api/client";
import { named } from "../../api/series";
import type { DeviceEvent, Statistics } from "../../api/types";
import { sensorOf, span, type View } from "../../chart/view";
import { number, percent } from "../../lib/format";
import { timeOf } from "../../lib/zone";

/** How good the data of the range is: quality of the series in the chart, gaps in the sequence, the device's clock. */
export function Quality({ device, view }: { device: string; view: View }) {
  const rows = useSignal<[string, Statistics][]>([]), events = useSignal<DeviceEvent[]>([]), problem = useSignal("");
  useEffect(() => {
    const stop = new AbortController(), [from, to] = span(view), range = { from: Math.floor(from), to: Math.ceil(to) };
    Promise.all([
      view.series.length ? question("statistics", { series: view.series.map(named), from: String(range.from), to: String(range.to) }, stop.signal) : { series: [] },
      get("device-events", { device, ...range, limit: 1000 }, stop.signal),
    ]).then(([found, { events: list }]) => { rows.value = found.series.map((one) => [`${one.device}/${one.sensor}`, one]); events.value = list; problem.value = ""; }, (error: Error) => { if (!stop.signal.aborted) problem.value = error.message; });
    return () => stop.abort();
  }, [device, JSON.stringify(view)]);
  const of = (kind: string) => events.value.filter((event) => event.kind === kind);
  const gaps = of("sequence-gap"), skew = of("clock-skew")[0];
  return (
    <section class="panel" aria-labelledby="quality-title">
      <div class="bar"><h2 id="quality-title">Quality of the data in this range</h2></div>
      {problem.value && <p class="empty error">{problem.value}</p>}
      <dl class="figures" id="quality">
        {rows.value.map(([series, row]) => (
          <div key={series}><dt>{sensorOf(series)}</dt><dd>{row.readings ? percent((row.readings - row.bad - row.uncertain) / row.readings) : "–"} good</dd><dd class="muted">{row.readings.toLocaleString("en-US")} readings, {row.uncertain} uncertain, {row.bad} bad, {row.notFinite} not a number</dd></div>
        ))}
        <div><dt>Gaps in the sequence</dt><dd>{gaps.length}</dd><dd class="muted">{gaps.length ? `the newest at ${timeOf(gaps[0]?.time)}: ${gaps[0]?.detail}` : "no reading is missing"}</dd></div>
        <div><dt>Clock</dt><dd>{skew ? `${number(skew.figure, 3)} s off` : "right"}</dd><dd class="muted">{skew ? `since ${timeOf(skew.time)}: ${skew.detail}` : "its times fit those of arrival"}</dd></div>
        <div><dt>Starts</dt><dd>{of("booted").length}</dd><dd class="muted">{of("silent").length} times silent, {of("offline").length} times offline</dd></div>
      </dl>
    </section>
  );
}
