import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { LoadPlan } from "../plan.ts";
import { Conductor } from "./conduct.ts";
import { ForkedMember } from "./forked-member.ts";
import { type Part, partsOf } from "./part.ts";

const directory = mkdtempSync(join(tmpdir(), "bench-"));
const members: ForkedMember[] = [];

afterEach(async () => {
  await Promise.all(members.splice(0).map((member) => member.take("end")));
});
afterAll(() => rmSync(directory, { recursive: true }));

const PLAN: LoadPlan = {
  protocol: "socketcluster",
  subscriberUrls: ["ws://127.0.0.1:1"],
  publisherUrls: ["ws://127.0.0.1:1"],
  subscribers: 1,
  channels: 1,
  channelsPerSubscriber: 1,
  publishers: 1,
  payloadBytes: 128,
  pace: { window: 1 },
  connecting: 1,
  settleMs: 0,
  warmupMs: 0,
  durationMs: 600_000,
  drainMs: 1000,
  channelPrefix: "c",
  authToken: undefined,
  generators: 1,
};

/** A generator that does as the program says: JavaScript, with the step it is told in `step`. */
function member(program: string): ForkedMember {
  const file = join(directory, `program-${members.length}.mjs`);
  writeFileSync(
    file,
    `process.on("disconnect", () => process.exit(0));
     process.on("message", ({ kind, step, part }) => { if (kind === "step") { ${program} } });`,
  );
  const made = new ForkedMember(partsOf(PLAN)[0] as Part, 1, file);
  members.push(made);
  return made;
}

const DONE = 'process.send({ kind: "done" });';

describe("A generator in another process", () => {
  it("takes one step after the other, and tells what it measured", async () => {
    const one = member('process.send({ kind: "done", outcome: { lost: step } });');

    expect(await one.take("connect")).toEqual({ lost: "connect" });
    expect(await one.take("drain")).toEqual({ lost: "drain" });
  });

  it("says why a step failed", async () => {
    const one = member('process.send({ kind: "failed", reason: "nobody there" });');

    await expect(one.take("connect")).rejects.toMatchObject({ code: "SCC_LOAD", message: "nobody there" });
  });

  it("fails the run when it dies while it takes a step", async () => {
    const one = member("process.exit(3);");

    await expect(one.take("drain")).rejects.toThrow('Generator 1 ended during "drain" (exit code 3)');
  });

  it("fails the run when it dies between two steps", async () => {
    const well = member(DONE);
    const dying = member(`${DONE} if (step === "openWindow") process.kill(process.pid, "SIGKILL");`);

    await expect(new Conductor(PLAN, [well, dying], {}).run()).rejects.toThrow(
      'Generator 1 ended during "openWindow" (SIGKILL)',
    );
  });

  it("fails the run when it cannot measure any further", async () => {
    const progress = { connections: 1, published: 1, delivered: 1, failure: "too much is lost" };
    const one = member(`process.send({ kind: "progress", progress: ${JSON.stringify(progress)} }); ${DONE}`);

    await expect(new Conductor(PLAN, [one], {}).run()).rejects.toThrow("too much is lost");
  });
});
