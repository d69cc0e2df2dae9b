import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import type { Trouble } from "../../runtime/http/http.ts";
import { type ProcessMessage, parsePrimaryMessage, parseProcessMessage } from "./messages.ts";
import { PrimaryLink } from "./primary-link.ts";

function stage() {
  const clock = new VirtualClock();
  const sent: ProcessMessage[] = [];
  const state: { trouble: Trouble; stops: number } = { trouble: undefined, stops: 0 };
  const link = new PrimaryLink({
    clock,
    send: (message) => void sent.push(message),
    readiness: () => state.trouble,
    metrics: async () => [],
    stop: () => {
      state.stops += 1;
    },
  });
  return { clock, sent, link, state };
}

describe("A process of several", () => {
  it("tells the primary how it is at once, at each beat, and when it serves", () => {
    const { clock, sent, link, state } = stage();
    clock.advance(500);
    link.serves();
    state.trouble = "no ring";
    clock.advance(500);

    expect(sent).toEqual([
      { type: "scc:status", serves: false, trouble: "starting" },
      { type: "scc:status", serves: false, trouble: "starting" },
      { type: "scc:status", serves: true, trouble: undefined },
      { type: "scc:status", serves: true, trouble: "no ring" },
    ]);
  });

  it("answers for the whole: whatever it is itself, but for that it stops", () => {
    const { link, state } = stage();
    expect(link.readiness()).toBe("starting");
    link.heard({ type: "scc:group", trouble: "process 2 of 2: no ring" });
    expect(link.readiness()).toBe("process 2 of 2: no ring");
    state.trouble = "no link";
    link.heard({ type: "scc:group" });
    expect(link.readiness()).toBeUndefined();
    state.trouble = "stopping";
    expect(link.readiness()).toBe("stopping");
  });

  it("is neither alive nor ready while the primary is silent, and sends it nothing more", () => {
    const { clock, sent, link } = stage();
    link.heard({ type: "scc:group" });
    clock.advance(3000);
    expect([link.liveness(), link.readiness()]).toEqual([undefined, undefined]);
    clock.advance(500);
    const silent = "the primary process does not answer";
    expect([link.liveness(), link.readiness()]).toEqual([silent, silent]);
    const before = sent.length;
    clock.advance(60_000);
    expect(sent).toHaveLength(before);

    link.heard({ type: "scc:group" });
    expect([link.liveness(), link.readiness()]).toEqual([undefined, undefined]);
  });

  it("stops and shows its metrics when it is asked to", async () => {
    const { sent, link, state } = stage();
    link.heard({ type: "scc:stop" });
    link.heard({ type: "scc:metrics?", question: 7 });
    await Promise.resolve();

    expect(state.stops).toBe(1);
    expect(sent.at(-1)).toEqual({ type: "scc:metrics", question: 7, families: [] });
  });
});

describe("A message of somebody else", () => {
  it("is not taken for one of ours", () => {
    for (const message of [undefined, "scc:stop", { type: "stop" }, { type: "scc:status", serves: "yes" }]) {
      expect(parsePrimaryMessage(message)).toBeUndefined();
      expect(parseProcessMessage(message)).toBeUndefined();
    }
  });
});
