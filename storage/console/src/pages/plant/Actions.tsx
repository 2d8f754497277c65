import { useSignal, type Signal } from "@preact/signals";
import { act, asks, type Action } from "../../app/alarms";
import { may } from "../../app/session";
import type { Alarm } from "../../api/types";

const TIMES: [string, string][] = [["30m", "30 min"], ["1h", "1 h"], ["8h", "8 h"], ["24h", "24 h"]];

/** What can be done with the alarms chosen; each is told in the alarm's history with who did it. */
export function Actions({ chosen, shown, aside }: { chosen: Signal<ReadonlySet<string>>; shown: Alarm[]; aside: boolean }) {
  const comment = useSignal(""), time = useSignal("30m"), busy = useSignal(""), refused = useSignal<string[]>([]);
  const ids = shown.filter((alarm) => chosen.value.has(alarm.id)).map((alarm) => alarm.id);
  const open = shown.filter((alarm) => chosen.value.has(alarm.id) && asks(alarm)).map((alarm) => alarm.id);
  const isAllowed = may("operator");
  const run = async (action: Action, targets: string[], until?: string) => {
    busy.value = `${targets.length} under way …`;
    refused.value = await act(targets, action, comment.value.trim(), until);
    busy.value = refused.value.length ? "" : `${targets.length} done`;
    if (!refused.value.length) { chosen.value = new Set(); comment.value = ""; }
  };
  if (!isAllowed) return <span class="muted">Acknowledging needs the role operator.</span>;
  return (
    <div class="actions" role="group" aria-label={`Do with ${ids.length} chosen`}>
      <label><span class="sr">Comment</span><input id="comment" placeholder="Comment" maxLength={2000} value={comment.value} onInput={(event) => { comment.value = event.currentTarget.value; }} /></label>
      {!aside && <button id="acknowledge" class="primary" disabled={!open.length} onClick={() => void run("acknowledge", open)}>Acknowledge {open.length || ""}</button>}
      {!aside && (
        <span class="group">
          <button id="shelve" disabled={!ids.length} onClick={() => void run("shelve", ids, time.value)}>Shelve</button>
          <select id="shelve-for" aria-label="Shelve for" value={time.value} onChange={(event) => { time.value = event.currentTarget.value; }}>{TIMES.map(([value, name]) => <option key={value} value={value}>{name}</option>)}</select>
        </span>
      )}
      {aside && <button id="unshelve" disabled={!ids.length} onClick={() => void run("unshelve", ids)}>Take back</button>}
      <button id="comment-only" disabled={!ids.length || !comment.value.trim()} onClick={() => void run("comment", ids)}>Comment</button>
      <span role="status" class="muted">{busy.value}</span>
      {refused.value.length > 0 && <ul class="error" role="alert">{refused.value.slice(0, 5).map((text) => <li key={text}>{text}</li>)}{refused.value.length > 5 && <li>and {refused.value.length - 5} more</li>}</ul>}
    </div>
  );
}
