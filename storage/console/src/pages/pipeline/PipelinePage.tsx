import { freshness, pipeline, away } from "../../app/health";
import { isAdministrator, may } from "../../app/session";
import { HealthLine, useTitle } from "../../app/Shell";
import type { Pipeline } from "../../api/types";
import { age, ms, number, percent, short } from "../../lib/format";
import { timeOf } from "../../lib/zone";
import { AlarmLoad } from "./AlarmLoad";
import { Audit } from "./Audit";
import { DeadLetters } from "./DeadLetters";
import { Horizons } from "./Horizons";
import { LogTable } from "./LogTable";
import { People } from "./People";
import { Store } from "./Store";
import { Scroll } from "../../ui/Scroll";

/** What goes in and out of each step, how far each is behind, and who did what. */
export function PipelinePage() {
  useTitle("Pipeline");
  const p = pipeline.value;
  return (
    <div class="pipeline">
      <section class="panel" aria-labelledby="title"><div class="bar"><h1 id="title">Pipeline</h1><HealthLine /></div>
        {p ? <Hops p={p} /> : <p class="empty">{away.value ? "The server does not answer. Trying again." : "Loading …"}</p>}</section>
      {p && <section class="panel" aria-labelledby="lag-title"><div class="bar"><h2 id="lag-title">Behind the log</h2></div><LagTable p={p} /></section>}
      {p && <section class="panel" aria-labelledby="store-title"><div class="bar"><h2 id="store-title">Store and latency</h2></div><dl class="figures">
        <div><dt>Newest reading stored</dt><dd>{freshness() === null ? "–" : `${age(freshness() ?? 0)} ago`}</dd><dd class="muted">watermark {timeOf(p.watermark)}</dd></div>
        <div><dt>Of the log stored</dt><dd>{percent(p.completeness)}</dd><dd class="muted">{short(p.meta.behind)} records to go</dd></div>
        <div><dt>Device to acknowledgement</dt><dd>{ms(p.latency.pubackMs?.p50)}</dd><dd class="muted">95 % within {ms(p.latency.pubackMs?.p95)}, 99 % within {ms(p.latency.pubackMs?.p99)}</dd></div>
        <div><dt>Device to a row in the store</dt><dd>{ms(p.latency.e2eMs?.p50)}</dd><dd class="muted">95 % within {ms(p.latency.e2eMs?.p95)}, 99 % within {ms(p.latency.e2eMs?.p99)}</dd></div>
        <div><dt>Dead letters since start</dt><dd class={p.deadLetters ? "warn" : ""}>{short(p.deadLetters)}</dd><dd class="muted">refused, kept with their cause: telemetry dead-letters</dd></div>
        <div><dt>Second copies left out</dt><dd>{short(p.duplicates)}</dd><dd class="muted">since start</dd></div>
        {p.audit && <div id="audit-hours"><dt>Log compared with store</dt><dd class={p.audit.hoursDiffering ? "warn" : ""}>{p.audit.hoursDiffering ? `${short(p.audit.missing)} missing, ${short(p.audit.excess)} too many` : "the same"}</dd><dd class="muted">{short(p.audit.compared)} readings by hour, {age(p.audit.ageSeconds)} ago</dd></div>}
        <div><dt>Roles in this process</dt><dd>{p.roles.join(", ") || "–"}</dd><dd class="muted">{short(p.connections)} MQTT connections</dd></div>
      </dl></section>}
      <LogTable />
      <Store />
      <Horizons />
      <AlarmLoad />
      {may("operator") && <DeadLetters />}
      {isAdministrator.value && <People />}
      {isAdministrator.value && <Audit />}
    </div>
  );
}

/** Each step with what goes in and out, so that loss is a subtraction. */
function Hops({ p }: { p: Pipeline }) {
  const hops: [string, string, number | null][] = [
    ["received", "Readings received over MQTT", p.rates.received], ["acked", "acknowledged: on the log", p.rates.acked], ["stored", "stored", p.rates.stored], ["rolledUp", "in the rollups", p.rates.rolledUp],
  ];
  return (
    <ol class="hops" id="hops">
      {hops.map(([id, name, rate], i) => {
        const before = hops[i - 1]?.[2] ?? null, gap = i && rate !== null && before !== null ? rate - before : null;
        return <li key={id} id={`hop-${id}`}><b>{short(rate)}</b><span>/s</span> {name}{gap !== null && <small class={-gap > Math.max(5, (before ?? 0) * 0.05) ? "warn" : "muted"}>{gap > 0 ? "+" : ""}{number(gap, 3)}</small>}</li>;
      })}
      <li><b>{short(p.rates.anomalies)}</b><span>/s</span> findings of detectors</li>
    </ol>
  );
}

function LagTable({ p }: { p: Pipeline }) {
  const groups = new Map<string, { group: string; topic: string; partitions: number; records: number; seconds: number }>();
  for (const one of p.lag) {
    const key = `${one.group} ${one.topic}`, sum = groups.get(key) ?? { group: one.group, topic: one.topic, partitions: 0, records: 0, seconds: 0 };
    groups.set(key, { ...sum, partitions: sum.partitions + 1, records: sum.records + one.records, seconds: Math.max(sum.seconds, one.seconds) });
  }
  if (!groups.size) return <p class="empty">Nobody measures it here. {p.meta.behind !== null && `${short(p.meta.behind)} records are not stored yet.`}</p>;
  return (
    <Scroll label="Consumers" short><table id="lag"><thead><tr><th>Group</th><th>Topic</th><th class="num">Partitions</th><th class="num">Records behind</th><th class="num">Seconds behind</th></tr></thead>
      <tbody>{[...groups.values()].sort((a, b) => b.seconds - a.seconds).map((row) => <tr key={`${row.group} ${row.topic}`}><td>{row.group}</td><td>{row.topic}</td><td class="num">{row.partitions}</td><td class="num">{short(row.records)}</td><td class={row.seconds > 30 ? "num warn" : "num"}>{number(row.seconds, 3)}</td></tr>)}</tbody></table></Scroll>
  );
}
