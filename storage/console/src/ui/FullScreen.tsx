import { useEffect, useState } from "preact/hooks";

/** Shows one part of the page alone; Esc, or the button again, brings the rest back. */
export function FullScreen({ of }: { of: string }) {
  const [isFull, setFull] = useState(document.fullscreenElement !== null);
  useEffect(() => {
    const changed = () => setFull(document.fullscreenElement !== null);
    document.addEventListener("fullscreenchange", changed);
    return () => document.removeEventListener("fullscreenchange", changed);
  }, []);
  if (!document.fullscreenEnabled) return null;
  return (
    <button id="full-screen" aria-pressed={isFull} title={isFull ? "Back to the page (Esc)" : "Only this, on the whole screen; Esc brings the page back"}
      onClick={() => void (isFull ? document.exitFullscreen() : document.querySelector(of)?.requestFullscreen())}>Full screen</button>
  );
}
