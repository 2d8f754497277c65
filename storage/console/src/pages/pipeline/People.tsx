import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get, send } from "../../api/client";
import type { TokenView, UserView } from "../../api/types";
import { timeOf } from "../../lib/zone";
import { Scroll } from "../../ui/Scroll";

/** Who may do what: users and API tokens. */
export function People() {
  const users = useSignal<UserView[]>([]), tokens = useSignal<TokenView[]>([]), problem = useSignal("");
  const load = () => Promise.all([get("users"), get("tokens")]).then(
    ([a, b]) => { users.value = a.users; tokens.value = b.tokens; problem.value = ""; }, (error: Error) => { problem.value = error.message; });
  useEffect(() => { void load(); }, []);
  const revoke = async (token: TokenView) => {
    if (!confirm(`Revoke the token ${token.id} of ${token.owner}? Whatever uses it stops at once.`)) return;
    try { await send("delete", "tokens/{id}", { id: token.id }, undefined); } catch (error) { problem.value = (error as Error).message; }
    void load();
  };
  return (
    <section class="panel" aria-labelledby="people-title"><div class="bar"><h2 id="people-title">Users and tokens</h2>{problem.value && <span class="error">{problem.value}</span>}</div>
      <Scroll label="Users" short><table id="users"><thead><tr><th>User</th><th>Role</th><th>Sees</th><th>Signs in by</th></tr></thead>
        <tbody>{users.value.map((user) => <tr key={user.name}><td>{user.name}</td><td>{user.role}</td><td>{user.devices.join(", ") || "all devices"}</td><td>{[user.password && "password", user.certificate && "certificate", user.mqtt && "MQTT"].filter(Boolean).join(", ")}</td></tr>)}
          {!users.value.length && <tr><td colSpan={4} class="empty">No users yet. Make one: telemetry users add NAME --role administrator</td></tr>}</tbody></table></Scroll>
      {tokens.value.length > 0 && <Scroll label="Tokens" short><table id="tokens"><thead><tr><th>Token</th><th>Owner</th><th>Role</th><th>For</th><th>Until</th><th><span class="sr">Revoke</span></th></tr></thead>
        <tbody>{tokens.value.map((token) => <tr key={token.id}><td>{token.id}</td><td>{token.owner}</td><td>{token.role}</td><td>{token.label}</td><td>{timeOf(token.expires)}</td><td><button onClick={() => void revoke(token)}>Revoke</button></td></tr>)}</tbody></table></Scroll>}
    </section>
  );
}
