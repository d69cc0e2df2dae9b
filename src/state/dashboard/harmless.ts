import { attempt } from "../../runtime/contain.ts";
import type { StateObserver } from "../state-observer.ts";

/** Who only looks must not harm what it looks at: what goes wrong in an observer is contained. */
export function harmless(observer: StateObserver): StateObserver {
  const watch = (task: () => void): void => void attempt("dashboard", task);
  return {
    registered: (member) => watch(() => observer.registered(member)),
    said: (member, message) => watch(() => observer.said(member, message)),
    gone: (member, reason) => watch(() => observer.gone(member, reason)),
    refused: (member, reason) => watch(() => observer.refused(member, reason)),
    ringChanged: (ring) => watch(() => observer.ringChanged(ring)),
  };
}
