import { changing, get, type Session } from "./api";
import { byId } from "./dom";

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
    await fetch("/signout", { method: "POST", headers: await changing() });
    location.assign("/signin");
  });
}
