import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { now } from "../../app/health";
import { deviceLink } from "../../app/router";
import { age, secondsSince } from "../../lib/format";
import { timeOf } from "../../lib/zone";
import { DOTS, sorted, type Row } from "./rows";
import { KeyValues } from "./KeyValues";

const HEIGHT = 38, AROUND = 6;

const COLUMNS: [string, string, string][] = [["status", "State", ""], ["device", "Device", ""], ["type", "Type", "wide"], ["place", "Place", "wide"], ["seen", "Last reading", ""], ["alarm", "Worst alarm", ""]];

/** Only the rows in sight are in the page, however many there are; each is a link. */
export function DeviceTable({ rows, sort, choose }: { rows: Row[]; sort: string; choose: (sort: string) => void }) {
  const box = useRef<HTMLDivElement>(null), top = useSignal(0), height = useSignal(800);
  const list = useMemo(() => sorted(rows, sort), [rows, sort]);
  useEffect(() => {
    const resized = new ResizeObserver(() => { height.value = box.current?.clientHeight ?? 800; });
    resized.observe(box.current!);
    return () => resized.disconnect();
  }, []);
  useEffect(() => { if (box.current && box.current.scrollTop > list.length * HEIGHT) box.current.scrollTop = 0; }, [list.length]);
  const first = Math.max(0, Math.floor(top.value / HEIGHT) - AROUND), last = Math.min(list.length, Math.ceil((top.value + height.value) / HEIGHT) + AROUND);
  const hasTypes = useMemo(() => rows.some((row) => row.device.type), [rows]), hasPlaces = useMemo(() => rows.some((row) => row.path.length), [rows]);
  const columns = COLUMNS.filter(([key]) => (key !== "type" || hasTypes) && (key !== "place" || hasPlaces));
  const visible = list.slice(first, last), isDown = sort.startsWith("-"), by = sort.replace(/^-/, "");
  return (
    <div class="scroll virtual" ref={box} tabIndex={0} role="region" aria-label="All devices" onScroll={(event) => { top.value = event.currentTarget.scrollTop; }}>
      <table id="devices" aria-rowcount={list.length + 1}>
        <thead><tr>
          {columns.map(([key, name, wide]) => <th key={key} class={wide} aria-sort={by === key ? (isDown ? "descending" : "ascending") : undefined}><button class="plain" onClick={() => choose(by === key && !isDown ? `-${key}` : key)}>{name}{by === key ? (isDown ? " ↓" : " ↑") : ""}</button></th>)}
          <th>Values, 1 h</th>
        </tr></thead>
        <tbody>
          {first > 0 && <tr aria-hidden="true" class="space" style={{ height: `${first * HEIGHT}px` }}><td colSpan={7} /></tr>}
          {visible.map((row, i) => (
            <tr key={row.device.device} data-device={row.device.device} aria-rowindex={first + i + 2}>
              <td><i class="dot" data-state={DOTS[row.status]} />{row.status === "clock" ? "clock ahead" : row.status}</td>
              <td><a href={deviceLink(row.device.device)}>{row.device.displayName || row.device.device}</a>{row.device.displayName && <small> {row.device.device}</small>}</td>
              {hasTypes && <td class="wide">{row.device.type ?? ""}</td>}
              {hasPlaces && <td class="wide">{row.path.slice(-3).join(" › ")}</td>}
              <td title={timeOf(row.device.lastSeen)}>{row.device.lastSeen ? `${age(secondsSince(row.device.lastSeen, now.value) ?? 0)} ago` : "–"}</td>
              <td>{row.alarm && <span class={`priority ${row.alarm.priority}`} title={row.alarm.text ?? ""}>{row.alarm.priority}</span>}</td>
              <td class="sparks"><KeyValues device={row.device.device} /></td>
            </tr>
          ))}
          {last < list.length && <tr aria-hidden="true" class="space" style={{ height: `${(list.length - last) * HEIGHT}px` }}><td colSpan={7} /></tr>}
        </tbody>
      </table>
    </div>
  );
}
