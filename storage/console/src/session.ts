import { get } from "./api";
import { byId } from "./dom";

interface Session {
  user: string; role: string | null; kind: string; devices: string[]; open: boolean; canSignOut: boolean;
  antiforgery: { header: string; token: string } | null;
}

/** Headers that a session of a browser sends with whatever changes something; empty for everybody else. */
export function changing(session: Session): Record<string, string> {
  return session.antiforgery ? { [session.antiforgery.header]: session.antiforgery.token } : {};
}

/** Shows who is here, or that the door is open, and offers to sign out. */
export async function showSession(): Promise<void> {
  const session = await get<Session>("session").catch(() => null);
  if (!session) return;
  const who = byId("who");
  who.hidden = false;
  if (session.open) {
    who.textContent = "open: no users yet";
    who.dataset["state"] = "amber";
    who.title = "Whoever is on this machine reads and acts. Make a user: telemetry users add NAME --role administrator --users-file FILE";
    return;
  }
  who.textContent = `${session.user} · ${session.role ?? "no role"}`;
  who.title = session.devices.length ? `Sees ${session.devices.join(", ")}` : "Sees all devices";
  const button = byId<HTMLButtonElement>("signout");
  button.hidden = !session.canSignOut;
  button.addEventListener("click", async () => {
    // The token of now: another page of this browser may have signed in anew.
    const now = await get<Session>("session");
    await fetch("/signout", { method: "POST", headers: changing(now) });
    location.assign("/signin");
  });
}
