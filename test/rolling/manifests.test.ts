import { describe, expect, it } from "vitest";
import { podSpecOf } from "./manifests.ts";

describe("What is acted out of the manifests", () => {
  it("is how workers are probed, ended and replaced", () => {
    const { env, readiness, graceMs, minReadyMs, recreate } = podSpecOf("worker");

    expect(readiness).toEqual({ path: "/readyz", periodMs: 5000, timeoutMs: 3000, failureThreshold: 2 });
    expect({ graceMs, minReadyMs, recreate }).toEqual({
      graceMs: 70_000,
      minReadyMs: 5000,
      recreate: false,
    });
    expect(env).toMatchObject({ SCC_LAME_DUCK_MS: "5000", SCC_DRAIN_MS: "60000", ENV: "prod" });
  });

  it("leaves out what comes from secrets and from the pod", () => {
    expect(Object.keys(podSpecOf("broker").env).toSorted()).toEqual([
      "SCC_DRAIN_MS",
      "SCC_STATE_SERVER_HOST",
    ]);
  });

  it("stops scc-state before another one starts", () => {
    expect(podSpecOf("state")).toMatchObject({ recreate: true, graceMs: 10_000 });
  });
});
