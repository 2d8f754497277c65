import { useEffect } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { get } from "../../api/client";
import { standing } from "../../app/alarms";

/** Nothing is chosen yet: what one could begin with. */
export function Empty({ add }: { add: (series: string) => void }) {
  const some = useSignal<string[] | null>(null);
  useEffect(() => {
    const ask = () => get("latest", { limit: 6 }).then(
      ({ latest }) => { some.value = latest.map((row) => `${row.device}/${row.sensor}`); if (!latest.length) timer = window.setTimeout(() => void ask(), 2000); },
      () => { timer = window.setTimeout(() => void ask(), 3000); });
    let timer = 0;
    void ask();
    return () => clearTimeout(timer);
  }, []);
  const alarmed = standing.value.filter((alarm) => alarm.sensor).slice(0, 6).map((alarm) => `${alarm.device}/${alarm.sensor}`);
  const offer = (title: string, list: string[]) => list.length > 0 && <><h2>{title}</h2><p class="chips">{[...new Set(list)].map((series) => <button key={series} onClick={() => add(series)}>{series}</button>)}</p></>;
  return (
    <div class="start">
      <p>Search above for a device and a sensor, as many as you like: they share one time axis, and each unit has an axis of its own.</p>
      {offer("In alarm now", alarmed)}
      {some.value?.length === 0 ? <p class="muted">Nothing has arrived yet. As soon as a device sends, it shows up here.</p> : offer("To begin with", some.value ?? [])}
    </div>
  );
}
