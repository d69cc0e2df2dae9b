import { describe, expect, it } from "vitest";
import { failure, ok } from "../../tools/doctor/finding.ts";
import { DoctorView } from "./view.ts";

const ready = ok("broker ws://10.0.0.3:8888", "ready");
const refused = failure("scc-state ws://h:7777", "nobody listens there", "start it");

describe("What scc doctor shows", () => {
  it("is one plain line for each finding where nobody looks, and how many there are of each", () => {
    const view = new DoctorView({ isTerminal: false, colours: false });

    expect(
      [ready, refused].map((finding) => view.finding(finding)).join("") + view.summary([ready, refused]),
    ).toBe(
      "ok: broker ws://10.0.0.3:8888: ready\n" +
        "FAILURE: scc-state ws://h:7777: nobody listens there; remedy: start it\n" +
        "1 ok, 0 warnings, 1 failures\n",
    );
  });

  it("is columns on a terminal, the remedy below, and colours only where they are wanted", () => {
    const plain = new DoctorView({ isTerminal: true, colours: false }).finding(refused);
    const coloured = new DoctorView({ isTerminal: true, colours: true }).finding(refused);

    expect(plain).toMatch(/^FAILURE {2}scc-state ws:\/\/h:7777 +nobody listens there\n +-> start it\n$/);
    expect(coloured).toContain("\u001b[31mFAILURE");
    expect(plain).not.toContain("\u001b");
  });
});
