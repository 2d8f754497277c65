import type { Signal } from "@preact/signals";
import { asks } from "../../app/alarms";
import { now } from "../../app/health";
import { deviceLink } from "../../app/router";
import type { Alarm } from "../../api/types";
import { placeOf } from "../../api/places";
import { age, number, secondsSince } from "../../lib/format";
import { timeOf } from "../../lib/zone";
import { Scroll } from "../../ui/Scroll";

const SHOWN_MAX = 500;

const STATUS: Record<string, string> = {
  "unacknowledged-active": "unacknowledged", "acknowledged-active": "acknowledged", "returned-unacknowledged": "gone, unacknowledged", "shelved": "shelved", "suppressed": "suppressed", "out-of-service": "out of service",
};

interface Props { alarms: Alarm[]; chosen: Signal<ReadonlySet<string>>; picked: string; pick: (id: string) => void }

/** Alarms as a table; on a phone each row is a card. */
export function AlarmTable({ alarms, chosen, picked, pick }: Props) {
  const toggle = (id: string) => {
    const next = new Set(chosen.peek());
    if (!next.delete(id)) next.add(id);
    chosen.value = next;
  };
  const every = alarms.length > 0 && alarms.every((alarm) => chosen.value.has(alarm.id));
  return (
    <Scroll label="List of alarms" class="alarms"><table id="alarms">
      <thead><tr>
        <th><input type="checkbox" id="all" aria-label="Choose all" checked={every} onChange={() => { chosen.value = every ? new Set() : new Set(alarms.map((alarm) => alarm.id)); }} /></th>
        <th>Priority</th><th>State</th><th>Since</th><th>Device</th><th>What</th><th class="num">Value</th>
      </tr></thead>
      <tbody>
        {alarms.slice(0, SHOWN_MAX).map((alarm) => (
          <tr key={alarm.id} data-alarm={alarm.id} data-status={alarm.status} class={`${asks(alarm) ? "asks" : ""} ${alarm.id === picked ? "picked" : ""}`} onClick={(event) => { if (!(event.target as Element).closest("a, input, button")) pick(alarm.id); }}>
            <td><input type="checkbox" aria-label={`Choose ${alarm.source} of ${alarm.device}`} checked={chosen.value.has(alarm.id)} onChange={() => toggle(alarm.id)} /></td>
            <td><span class={`priority ${alarm.priority}`}>{alarm.priority}</span></td>
            <td class="state">{STATUS[alarm.status] ?? alarm.status}{alarm.shelvedUntil && <small> until {timeOf(alarm.shelvedUntil)}</small>}{alarm.inhibitedBy && <small> by {alarm.inhibitedBy}</small>}</td>
            <td title={timeOf(alarm.since)}>{age(secondsSince(alarm.since, now.value) ?? 0)}</td>
            <td><a href={deviceLink(alarm.device)}>{alarm.device}</a>{placeOf(alarm.device) && <small> {placeOf(alarm.device)}</small>}</td>
            <td class="what"><button class="plain" aria-pressed={alarm.id === picked} title="Show it in the chart" onClick={() => pick(alarm.id)}>{alarm.text || alarm.source}</button>
              {alarm.comment && <small> “{alarm.comment}” {alarm.commentBy}</small>}{alarm.acknowledgedBy && <small> acknowledged by {alarm.acknowledgedBy}</small>}</td>
            <td class="num">{alarm.value === null ? "" : `${number(alarm.value)}${alarm.unit ? ` ${alarm.unit}` : ""}`}</td>
          </tr>
        ))}
      </tbody>
    </table>
    {alarms.length > SHOWN_MAX && <p class="muted">{alarms.length - SHOWN_MAX} more: filter, or choose all to act on them.</p>}
    </Scroll>
  );
}
