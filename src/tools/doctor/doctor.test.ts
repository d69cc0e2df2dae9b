import { describe, expect, it } from "vitest";
import type { Overview } from "../../cluster/registration/state-messages.ts";
import { NO_RING } from "../../cluster/ring/ring.ts";
import { RELEASE } from "../../runtime/release.ts";
import { examineClocks, examineKey, examineReleases, examineRing } from "./cluster.ts";
import { examineCertificates, examineOpenFiles } from "./here.ts";

const member = (n: number, role: "broker" | "worker", release: string | undefined = RELEASE) => ({
  ...{ instanceId: `i${n}`, uri: `ws://10.0.0.${n}:1`, role, release },
});

const overview = (more: Partial<Overview> = {}): Overview => ({
  type: "overview",
  stateId: "s",
  release: RELEASE,
  ring: {
    ...NO_RING,
    version: { counter: 3, stateId: "s" },
    brokers: [1, 2].map((n) => ({ uri: `ws://10.0.0.${n}:1`, instanceId: `i${n}` })),
  },
  isSettled: true,
  waiting: 0,
  members: [member(1, "broker"), member(2, "broker"), member(3, "worker")],
  ...more,
});

const statusOf = (findings: readonly { readonly status: string }[]): string[] =>
  findings.map(({ status }) => status);

describe("A doctor", () => {
  it("finds a ring well that is settled and whose brokers are all here", () => {
    expect(statusOf(examineRing(overview()))).toEqual(["ok"]);
  });

  it("finds fault with no ring, and warns of one that is not settled, of one broker, and of one that is away", () => {
    expect(examineRing(overview({ ring: NO_RING, waiting: 2 }))).toMatchObject([
      { status: "failure", text: "there is none yet; 2 brokers wait to be let in" },
    ]);
    expect(statusOf(examineRing(overview({ isSettled: false })))).toEqual(["warning"]);
    expect(examineRing(overview({ members: [member(1, "broker")] }))).toMatchObject([
      { status: "ok" },
      { status: "warning", text: "broker ws://10.0.0.2:1 is in it, but does not talk with scc-state" },
    ]);
    const { ring } = overview();
    const alone = examineRing(overview({ ring: { ...ring, brokers: ring.brokers.slice(0, 1) } }));
    expect(statusOf(alone)).toEqual(["ok", "warning"]);
  });

  it("names releases that differ, and who has them", () => {
    expect(examineReleases(overview())).toMatchObject({ status: "ok" });
    expect(
      examineReleases(overview({ members: [member(1, "broker"), member(3, "worker", "0.0.1")] })),
    ).toMatchObject({ status: "warning", text: expect.stringContaining("0.0.1: ws://10.0.0.3:1") });
    expect(examineReleases(overview({ release: "9.9.9", members: [] }))).toMatchObject({ status: "warning" });
  });

  it("names clocks that differ, by how much, and only those", () => {
    expect(examineClocks(new Map([["ws://a:1", 1900]]))).toMatchObject({ status: "ok" });
    const found = examineClocks(
      new Map([
        ["ws://a:1", -65_000],
        ["ws://b:1", 100],
      ]),
    );

    expect(found).toMatchObject({ status: "warning", text: "differ from this one: ws://a:1 by -65 s" });
  });

  it("warns where no key is asked for, and where few files may be open", () => {
    expect(examineKey("scc-state", undefined, false).status).toBe("warning");
    expect(examineKey("scc-state", undefined, true).status).toBe("ok");
    expect(examineKey("scc-state", "secret", false)).toEqual({
      subject: "scc-state",
      status: "ok",
      text: "proves that it holds the key",
    });
    const limits = (most: string): string =>
      `Max processes   1   1\nMax open files            ${most}   4096  files\n`;
    expect(examineOpenFiles(limits("1024")).status).toBe("warning");
    expect(examineOpenFiles(limits("65536")).status).toBe("ok");
    expect(examineOpenFiles(limits("unlimited")).status).toBe("ok");
  });

  it("says which file of TLS makes no sense", () => {
    const config = { tlsCertFile: "/nowhere/tls.crt", tlsKeyFile: "/nowhere/tls.key", tlsCaFile: undefined };
    const { findings } = examineCertificates(config as Parameters<typeof examineCertificates>[0], 0);

    expect(findings).toMatchObject([
      { status: "failure", text: expect.stringContaining("/nowhere/tls.crt") },
    ]);
  });
});
