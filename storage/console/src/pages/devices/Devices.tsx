import { useComputed, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { all } from "../../api/client";
import { learn, LEVELS, pathOf } from "../../api/places";
import type { Device } from "../../api/types";
import { PRIORITIES, worst } from "../../app/alarms";
import { here, set } from "../../app/router";
import { useTitle } from "../../app/Shell";
import { now } from "../../app/health";
import { DeviceTable } from "./DeviceTable";
import { statusOf, type Row } from "./rows";
import { Tree } from "./Tree";

const DEVICES_MAX = 100_000, EVERY_MS = 20_000;

/** All devices: by place, in a table that is sorted and filtered; the view is in the address. */
export function Devices() {
  useTitle("Devices");
  const query = here.value.searchParams;
  const text = query.get("q") ?? "", status = query.get("status") ?? "", alarm = query.get("alarm") ?? "", tag = query.get("tag") ?? "", type = query.get("type") ?? "", place = query.get("place") ?? "", sort = query.get("sort") ?? "device";
  const devices = useSignal<Device[] | null>(null), silent = useSignal<ReadonlySet<string>>(new Set()), problem = useSignal("");

  useEffect(() => {
    let timer = 0;
    const stop = new AbortController();
    const load = async () => {
      if (!document.hidden || devices.peek() === null) {
        try {
          const [list, incidents] = await Promise.all([
            all("devices", "devices", {}, DEVICES_MAX, stop.signal),
            all("incidents", "incidents", { kind: "silent", state: "open", from: "now-30d" }, 20_000, stop.signal),
          ]);
          devices.value = list;
          learn(list);
          silent.value = new Set(incidents.map((incident) => incident.device));
          problem.value = "";
        } catch (error) { if (!stop.signal.aborted) problem.value = (error as Error).message; }
      }
      if (!stop.signal.aborted) timer = window.setTimeout(() => void load(), problem.peek() || devices.peek()?.length === 0 ? 3000 : EVERY_MS);
    };
    void load();
    return () => { stop.abort(); clearTimeout(timer); };
  }, []);

  const rows = useComputed(() => (devices.value ?? []).map((device): Row => ({ device, status: statusOf(device, silent.value, now.peek()), alarm: worst.value.get(device.device) ?? null, path: pathOf(device) })));
  const tags = useComputed(() => [...new Set((devices.value ?? []).flatMap((device) => device.tags ?? []))].sort());
  const types = useComputed(() => [...new Set((devices.value ?? []).map((device) => device.type ?? "").filter(Boolean))].sort());
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = rows.value.filter((row) =>
    (!status || row.status === status) && (!alarm || (alarm === "any" ? row.alarm !== null : row.alarm?.priority === alarm))
    && (!tag || row.device.tags?.includes(tag)) && (!type || row.device.type === type) && (!place || `${row.path.join("/")}/`.startsWith(`${place}/`))
    && words.every((word) => `${row.device.device} ${row.device.displayName ?? ""} ${row.device.type ?? ""} ${row.path.join(" ")} ${(row.device.tags ?? []).join(" ")}`.toLowerCase().includes(word)));
  const hasPlaces = rows.value.some((row) => row.path.length > 0);
  return (
    <div class={hasPlaces ? "devices with-tree" : "devices"}>
      {hasPlaces && <Tree rows={rows.value} place={place} levels={LEVELS.length} choose={(next) => set({ place: next })} />}
      <section class="panel" aria-labelledby="title">
        <div class="bar"><h1 id="title">{devices.value === null ? "Devices" : shown.length === rows.value.length ? `${rows.value.length.toLocaleString("en-US")} devices` : `${shown.length.toLocaleString("en-US")} of ${rows.value.length.toLocaleString("en-US")} devices`}</h1></div>
        <div class="bar tools">
          <label><span class="sr">Filter</span><input id="search" type="search" placeholder="Name, type, place, tag …" value={text} onInput={(event) => set({ q: event.currentTarget.value }, true)} /></label>
          <label><span class="sr">State</span><select id="status" value={status} onChange={(event) => set({ status: event.currentTarget.value })}><option value="">every state</option><option value="live">live</option><option value="late">late</option><option value="silent">silent</option><option value="clock">clock ahead</option></select></label>
          <label><span class="sr">Alarm</span><select id="alarm" value={alarm} onChange={(event) => set({ alarm: event.currentTarget.value })}><option value="">with or without alarm</option><option value="any">in alarm</option>{PRIORITIES.map((name) => <option key={name} value={name}>{name}</option>)}</select></label>
          {types.value.length > 0 && <label><span class="sr">Type</span><select id="type" value={type} onChange={(event) => set({ type: event.currentTarget.value })}><option value="">every type</option>{types.value.map((name) => <option key={name}>{name}</option>)}</select></label>}
          {tags.value.length > 0 && <label><span class="sr">Tag</span><select id="tag" value={tag} onChange={(event) => set({ tag: event.currentTarget.value })}><option value="">every tag</option>{tags.value.map((name) => <option key={name}>{name}</option>)}</select></label>}
          {(text || status || alarm || tag || type || place) && <button onClick={() => set({ q: "", status: "", alarm: "", tag: "", type: "", place: "" })}>Clear</button>}
          <span class="muted">The address is the view: keep it as a bookmark.</span>
        </div>
        {problem.value && <p class="empty error" role="status">{problem.value} {devices.value ? "What is shown may be old. " : ""}Trying again …</p>}
        {devices.value === null ? !problem.value && <p class="empty busy" role="status">Loading …</p>
          : shown.length ? <DeviceTable rows={shown} sort={sort} choose={(next) => set({ sort: next }, true)} />
          : <p class="empty" role="status">{rows.value.length ? "No device fits the filter." : "No device has sent anything yet."}</p>}
      </section>
    </div>
  );
}
