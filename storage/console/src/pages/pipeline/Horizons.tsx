import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get } from "../../api/client";
import type { Horizon } from "../../api/types";
import { timeOf } from "../../lib/zone";
import { Scroll } from "../../ui/Scroll";

const CAUSES: Record<Horizon["cause"], string> = {
  none: "nothing was ever removed", retention: "retention removes what is older", former: "removed before: a shorter retention, or by hand", "partition-gone": "a whole month or year is gone",
};

/** From when on each table of the store has everything. */
export function Horizons() {
  const tables = useSignal<Horizon[] | null>(null), problem = useSignal("");
  useEffect(() => { get("store/horizon").then((found) => { tables.value = found.tables; }, (error: Error) => { problem.value = error.message; }); }, []);
  return (
    <section class="panel" aria-labelledby="horizon-title"><div class="bar"><h2 id="horizon-title">Complete from</h2></div>
      {problem.value && <p class="empty error">{problem.value}</p>}
      {tables.value && <Scroll label="Tables" short><table id="horizon"><thead><tr><th>Table</th><th>Complete from</th><th>Why</th></tr></thead>
        <tbody>{tables.value.map((one) => <tr key={one.table} data-table={one.table}><td>{one.table}</td><td>{one.completeFrom ? timeOf(one.completeFrom) : "the beginning"}</td><td class="what">{CAUSES[one.cause]}</td></tr>)}</tbody></table></Scroll>}
    </section>
  );
}
