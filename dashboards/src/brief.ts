// A consultation's frozen brief: read from its text, and its SHA-256 computed again in this browser.
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Brief } from "./wire";

export type HashCheck = "unknown" | "same" | "different";

export function readBrief(text: string): Brief | null {
  try {
    return JSON.parse(text) as Brief;
  } catch {
    return null;
  }
}

export const useBrief = (text: string): Brief | null => useMemo(() => readBrief(text), [text]);

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether the text still has the hash it was frozen with; unknown where the browser offers no digest. */
export function useHashCheck(text: string, expected: string): HashCheck {
  const [check, setCheck] = useState<HashCheck>("unknown");
  useEffect(() => {
    setCheck("unknown");
    if (!globalThis.crypto?.subtle) return; // plain http from another machine
    void sha256(text).then((found) => setCheck(found === expected ? "same" : "different"));
  }, [text, expected]);
  return check;
}
