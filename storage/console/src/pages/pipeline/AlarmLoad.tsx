import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get } from "../../api/client";
import type { AlarmStats } from "../../api/types";
import { deviceLink } from "../../app/router";
import { number, percent } from "../../lib/format";

/** How many alarms people got in the last day, by EEMUA 191, and which came most often. */
export function AlarmLoad() {
  const stats = useSignal<AlarmStats | null>(null), problem = useSignal("");
  useEffect(() => { get("alarms/stats", { from: "now-24h" }).then((found) => { stats.value = found; }, (error: Error) => { problem.value = error.message; }); }, []);
  const s = stats.value;
  return (
    <section class="panel" aria-labelledby="load-title"><div class="bar"><h2 id="load-title">Alarms of the last day</h2>{problem.value && <span class="error">{problem.value}</span>}</div>
      {s && <><dl class="figures"><div><dt>Raised</dt><dd>{s.raised}</dd><dd class="muted">{number(s.perHour, 3)} an hour, at most {s.mostInTenMinutes} in ten minutes</dd></div><div><dt>For one operator</dt><dd>{s.assessment}</dd><dd class="muted">{percent(s.shareOfTimeInFlood)} of the time in floods</dd></div></dl>
        <Pareto top={s.top} /></>}
    </section>
  );
}

/** The most frequent alarms as bars. */
export function Pareto({ top }: { top: AlarmStats["top"] }) {
  if (!top.length) return <p class="empty">None was raised.</p>;
  return <ol class="pareto">{top.map((one) => <li key={one.id}><a href={deviceLink(one.device)}>{one.device}</a> <span>{[one.sensor, one.source].filter(Boolean).join(" ")}</span><i style={{ width: `${Math.max(1, one.share * 100)}%` }} /><b>{one.raised}</b></li>)}</ol>;
}
