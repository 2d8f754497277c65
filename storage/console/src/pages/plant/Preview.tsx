import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { get } from "../../api/client";
import type { Alarm } from "../../api/types";
import { exploreLink } from "../../app/router";
import { Loader } from "../../chart/Loader";
import { Viewer } from "../../chart/Viewer";
import { parameters, type View } from "../../chart/view";

const BEFORE = 3.6e6, AFTER = 1.8e6;

/** The sensor of the alarm picked, around the time it began; without alarms a sensor of the plant, so that there is a picture. */
export function Preview({ alarm }: { alarm: Alarm | null }) {
  const some = useSignal<string | null>(null), free = useSignal<{ for: string; view: View } | null>(null), sensors = useSignal<{ device: string; sensor: string } | null>(null);
  const loader = useMemo(() => new Loader(), []);

  useEffect(() => {
    if (alarm) return;
    let timer = 0;
    const ask = () => get("latest", { limit: 1 }).then(
      ({ latest: [row] }) => { some.value = row ? `${row.device}/${row.sensor}` : null; if (!row) timer = window.setTimeout(() => void ask(), 2000); },
      () => { timer = window.setTimeout(() => void ask(), 3000); });
    void ask();
    return () => clearTimeout(timer);
  }, [alarm === null]);

  // An alarm of a device as such has no sensor: its first one shows whether it sends.
  useEffect(() => {
    if (!alarm || alarm.sensor || sensors.peek()?.device === alarm.device || alarm.device.startsWith("group:")) return;
    void get("latest", { device: alarm.device, limit: 1 }).then(({ latest: [row] }) => { if (row) sensors.value = row; }, () => undefined);
  }, [alarm?.id]);

  const series = alarm
    ? alarm.sensor ? `${alarm.device}/${alarm.sensor}` : sensors.value?.device === alarm.device ? `${alarm.device}/${sensors.value.sensor}` : null
    : some.value;
  const id = alarm?.id ?? "";
  const begun = alarm ? Date.parse(alarm.since ?? "") : 0;
  const standard = useMemo((): View => {
    const base: View = { series: series ? [series] : [], range: "1h", from: 0, to: 0, step: "", versus: "" };
    return alarm && Date.now() - begun > BEFORE ? { ...base, range: "", from: begun - BEFORE, to: Math.min(Date.now(), begun + AFTER) } : base;
  }, [series, id, begun]);
  const view = free.value?.for === id && free.value.view.series[0] === series ? free.value.view : standard;
  if (!series) return <section class="panel preview"><p class="empty">{alarm ? `${alarm.device}: ${alarm.text}` : "Nothing has arrived yet. As soon as a device sends, it shows up here."}</p></section>;
  const link = exploreLink([series], Object.fromEntries(Object.entries(parameters(view)).filter(([, value]) => value)));
  return (
    <section class="panel preview" aria-labelledby="preview-title">
      <div class="bar"><h2 id="preview-title">{alarm ? alarm.text || alarm.source : "A look at the plant"}</h2><a class="button" id="open-explore" href={link}>Open in Explore</a></div>
      <Viewer loader={loader} view={view} change={(next) => { free.value = { for: id, view: next }; }} label={series} />
    </section>
  );
}
