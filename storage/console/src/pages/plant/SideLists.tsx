import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get } from "../../api/client";
import type { DeviceEvent, Incident } from "../../api/types";
import { now } from "../../app/health";
import { deviceLink } from "../../app/router";
import { age, secondsSince } from "../../lib/format";
import { timeOf } from "../../lib/zone";

const EVERY_MS = 15_000, SHOWN = 50;

const EVENTS: Record<string, string> = {
  "clock-skew": "its clock is wrong", "sequence-gap": "readings are missing", "id-conflict": "two readings with one id", "unjudged": "readings came too late to be judged", "offline": "went offline",
};

/** Devices that have gone silent, and those whose data comes late or with gaps. */
export function SideLists() {
  const silent = useSignal<Incident[] | null>(null), events = useSignal<DeviceEvent[] | null>(null), problem = useSignal("");
  useEffect(() => {
    let timer = 0;
    const load = async () => {
      if (!document.hidden) {
        try {
          const [a, b] = await Promise.all([
            get("incidents", { kind: "silent", state: "open", from: "now-30d", limit: 1000 }),
            get("device-events", { from: "now-24h", limit: 1000 }),
          ]);
          silent.value = a.incidents;
          events.value = b.events.filter((event) => event.kind in EVENTS);
          problem.value = "";
        } catch (error) { problem.value = (error as Error).message; }
      }
      timer = window.setTimeout(() => void load(), EVERY_MS);
    };
    void load();
    return () => clearTimeout(timer);
  }, []);
  const newest = new Map<string, DeviceEvent & { count: number }>();
  for (const event of events.value ?? []) {
    const key = `${event.device} ${event.kind}`, before = newest.get(key);
    newest.set(key, before ? { ...before, count: before.count + 1 } : { ...event, count: 1 });
  }
  return (
    <div class="lists">
      <section class="panel" aria-labelledby="silent-title">
        <div class="bar"><h2 id="silent-title">Silent devices {silent.value ? silent.value.length : ""}</h2><a href="/devices?status=silent">all</a></div>
        {problem.value && <p class="empty error">{problem.value}</p>}
        <ul class="rows" id="silent">{(silent.value ?? []).slice(0, SHOWN).map((one) => <li key={one.id}><a href={deviceLink(one.device)}>{one.device}</a><span class="muted" title={timeOf(one.time)}>for {age(secondsSince(one.time, now.value) ?? 0)}</span></li>)}</ul>
        {silent.value?.length === 0 && <p class="empty">Every device sends at its own pace.</p>}
        {(silent.value?.length ?? 0) > SHOWN && <p class="empty">and {(silent.value?.length ?? 0) - SHOWN} more</p>}
      </section>
      <section class="panel" aria-labelledby="late-title">
        <div class="bar"><h2 id="late-title">Late, missing or doubtful data, 24 h</h2></div>
        <ul class="rows" id="late">{[...newest.values()].slice(0, SHOWN).map((event) => <li key={`${event.device} ${event.kind}`}><a href={deviceLink(event.device)}>{event.device}</a><span title={event.detail}>{EVENTS[event.kind]}{event.count > 1 && `, ${event.count} times`}</span><span class="muted" title={timeOf(event.time)}>{age(secondsSince(event.time, now.value) ?? 0)} ago</span></li>)}</ul>
        {newest.size === 0 && events.value && <p class="empty">Nothing came late, nothing is missing.</p>}
      </section>
    </div>
  );
}
