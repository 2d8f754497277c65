import { useComputed, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { alarms, alarmsProblem, aside, PRIORITIES, standing, unacknowledged } from "../../app/alarms";
import { here, set } from "../../app/router";
import { HealthLine, useTitle } from "../../app/Shell";
import type { Alarm } from "../../api/types";
import { Actions } from "./Actions";
import { AlarmTable } from "./AlarmTable";
import { Preview } from "./Preview";
import { SideLists } from "./SideLists";

/** What is wrong now. */
export function Plant() {
  useTitle("Plant");
  const query = here.value.searchParams, list = query.get("list") === "aside" ? "aside" : "standing";
  const priority = query.get("priority") ?? "", text = query.get("q") ?? "";
  const chosen = useSignal<ReadonlySet<string>>(new Set());
  const picked = useSignal("");

  const all = list === "aside" ? aside.value : standing.value;
  const shown = all.filter((alarm) => fits(alarm, priority, text));
  const counts = useComputed(() => PRIORITIES.map((name) => [name, standing.value.filter((alarm) => alarm.priority === name).length] as const));

  // What is gone from the list cannot be acted on any more.
  useEffect(() => {
    const there = new Set(shown.map((alarm) => alarm.id)), kept = [...chosen.peek()].filter((id) => there.has(id));
    if (kept.length !== chosen.peek().size) chosen.value = new Set(kept);
  }, [alarms.value, list, priority, text]);

  const alarm = alarms.value.get(picked.value) ?? shown[0] ?? null;
  return (
    <div class="plant">
      <section class="panel" aria-labelledby="title">
        <div class="bar">
          <h1 id="title">{headline(standing.value.length)}</h1>
          <ul class="tiles" aria-label="Alarms by priority">
            {counts.value.map(([name, count]) => <li key={name} class={count ? `priority ${name}` : "priority none"}><b>{count}</b> {name}</li>)}
          </ul>
        </div>
        <div class="bar tools">
          <div class="group" role="group" aria-label="Which alarms">
            <button aria-pressed={list === "standing"} onClick={() => set({ list: "" })}>Standing {standing.value.length}</button>
            <button aria-pressed={list === "aside"} onClick={() => set({ list: "aside" })}>Put aside {aside.value.length}</button>
          </div>
          <label><span class="sr">Priority</span><select id="priority" value={priority} onChange={(event) => set({ priority: event.currentTarget.value })}>
            <option value="">every priority</option>{PRIORITIES.slice(0, 3).map((name) => <option key={name} value={name}>{name === "critical" ? name : `${name} and higher`}</option>)}
          </select></label>
          <label><span class="sr">Filter</span><input id="filter" type="search" placeholder="Device, sensor, text …" value={text} onInput={(event) => set({ q: event.currentTarget.value }, true)} /></label>
          <Actions chosen={chosen} shown={shown} aside={list === "aside"} />
        </div>
        {alarmsProblem.value
          ? <p class="empty error" role="status">{alarmsProblem.value === "Loading …" ? alarmsProblem.value : `No list of alarms: ${alarmsProblem.value} Trying again.`}</p>
          : shown.length ? <AlarmTable alarms={shown} chosen={chosen} picked={alarm?.id ?? ""} pick={(id) => { picked.value = id; }} />
          : <p class="empty" role="status">{all.length ? "No alarm fits the filter." : list === "aside" ? "Nothing is put aside." : "Nothing is wrong: no alarm stands."}</p>}
      </section>
      <Preview alarm={alarm} />
      <SideLists />
      <section class="panel" aria-labelledby="pipeline-title"><div class="bar"><h2 id="pipeline-title"><a href="/pipeline">Pipeline</a></h2><HealthLine /></div></section>
    </div>
  );
}

function headline(count: number): string {
  if (alarmsProblem.value) return "Plant";
  if (!count) return "No alarms";
  return unacknowledged.value ? `${unacknowledged.value} of ${count} ${count === 1 ? "alarm" : "alarms"} unacknowledged` : `${count} ${count === 1 ? "alarm" : "alarms"}, all acknowledged`;
}

function fits(alarm: Alarm, priority: string, text: string): boolean {
  const at = PRIORITIES.indexOf(priority as Alarm["priority"]);
  const words = text.toLowerCase().split(/\s+/).filter(Boolean), all = `${alarm.device} ${alarm.sensor ?? ""} ${alarm.source} ${alarm.text} ${alarm.status}`.toLowerCase();
  return (at < 0 || PRIORITIES.indexOf(alarm.priority) <= at) && words.every((word) => all.includes(word));
}

