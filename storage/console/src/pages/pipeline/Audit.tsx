import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get } from "../../api/client";
import type { AuditEntry } from "../../api/types";
import { timeOf } from "../../lib/zone";
import { Scroll } from "../../ui/Scroll";

const PAGE = 50;

/** Who did what, from where; the newest first. */
export function Audit() {
  const entries = useSignal<AuditEntry[]>([]), next = useSignal<string | null>(null), problem = useSignal(""), user = useSignal("");
  const load = async (before?: string) => {
    try {
      const answer = await get("audit", { limit: PAGE, ...(before ? { before } : {}), ...(user.peek() ? { user: user.peek() } : {}) });
      entries.value = before ? [...entries.peek(), ...answer.entries] : answer.entries;
      next.value = answer.next;
      problem.value = "";
    } catch (error) { problem.value = (error as Error).message; }
  };
  useEffect(() => { void load(); }, [user.value]);
  return (
    <section class="panel" aria-labelledby="audit-title"><div class="bar"><h2 id="audit-title">Audit log</h2>
      <label><span class="sr">User</span><input type="search" placeholder="of user …" value={user.value} onChange={(event) => { user.value = event.currentTarget.value.trim(); }} /></label>{problem.value && <span class="error">{problem.value}</span>}</div>
      <Scroll label="Entries of the audit log" short><table id="audit"><thead><tr><th>Time</th><th>What</th></tr></thead>
        <tbody>{entries.value.map((entry, i) => <tr key={i}><td>{timeOf(entry.time)}</td><td class="what">{entry.text}</td></tr>)}{!entries.value.length && !problem.value && <tr><td colSpan={2} class="empty">Nothing yet.</td></tr>}</tbody></table></Scroll>
      {next.value && <button onClick={() => void load(next.value ?? undefined)}>Older</button>}
    </section>
  );
}
