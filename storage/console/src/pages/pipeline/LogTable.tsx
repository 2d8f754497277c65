import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get } from "../../api/client";
import type { Topic } from "../../api/types";
import { short } from "../../lib/format";
import { timeOf } from "../../lib/zone";
import { Scroll } from "../../ui/Scroll";

const EVERY_MS = 30_000;

/** The topics of the log, and the schemas that their newest records are written with. */
export function LogTable() {
  const topics = useSignal<Topic[] | null>(null), problem = useSignal("");
  useEffect(() => {
    const load = () => get("topics").then((found) => { topics.value = found.topics; problem.value = ""; }, (error: Error) => { problem.value = error.message; });
    void load();
    const timer = setInterval(() => { if (!document.hidden) void load(); }, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <section class="panel wide-panel" aria-labelledby="topics-title"><div class="bar"><h2 id="topics-title">Topics of the log</h2></div>
      {problem.value && <p class={topics.value ? "empty error" : "empty"}>{problem.value}</p>}
      {topics.value && <Scroll label="Topics" short><table id="topics"><thead><tr><th>Topic</th><th>Schemas of the newest records</th><th class="num">Partitions</th><th class="num">Records</th><th class="num">Removed</th><th>Newest</th></tr></thead>
        <tbody>{topics.value.map((one) => (
          <tr key={one.topic} data-topic={one.topic}><td>{one.topic}</td><td class="what">{one.schemas.map(schemaText).join(", ")}</td><td class="num">{one.partitions}</td><td class="num">{short(one.records)}</td><td class="num">{short(one.removed)}</td><td>{timeOf(one.newest)}</td></tr>
        ))}</tbody></table></Scroll>}
    </section>
  );
}

const schemaText = ({ id, message, isProvisional }: Topic["schemas"][number]): string =>
  isProvisional ? `${message ?? "unknown"} (id not known yet: the schema registry was away)` : `${message ?? "a schema of the registry"} (id ${id})`;
