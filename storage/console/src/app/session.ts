import { computed, signal } from "@preact/signals";
import { changing, get } from "../api/client";
import type { Session } from "../api/types";

export const session = signal<Session | null>(null);

const ROLES = ["viewer", "operator", "engineer", "administrator"];

/** True when who is here has at least this role. Only spares clicks that would be refused; the server decides. */
export const may = (role: string): boolean =>
  session.value === null || session.value.open || ROLES.indexOf(session.value.role ?? "") >= ROLES.indexOf(role);

export const isAdministrator = computed(() => session.value !== null && may("administrator"));

/** Who acts, where the server does not know it. */
export const actor = (): string => session.value?.user || "console";

export async function loadSession(): Promise<void> {
  session.value = await get("session").catch(() => null);
}

export async function signOut(): Promise<void> {
  await fetch("/signout", { method: "POST", headers: await changing() });
  location.assign("/signin");
}
