import { afterEach, expect, it } from "vitest";
import type { MemberMessage } from "../../cluster/registration/state-messages.ts";
import { NO_RING } from "../../cluster/ring/ring.ts";
import { faults } from "../../runtime/contain.ts";
import type { MemberConnection } from "../member-connection.ts";
import { harmless } from "./harmless.ts";

const before = faults.told;
afterEach(() => {
  faults.told = before;
});

it("An observer that throws at all that happens harms nobody, and each fault is told", () => {
  const told: string[] = [];
  faults.told = (reader, error) => told.push(`${reader}: ${(error as Error).message}`);
  const fail = (): never => {
    throw new Error("a bug");
  };
  const member = {} as MemberConnection;
  const observer = harmless({ registered: fail, said: fail, gone: fail, refused: fail, ringChanged: fail });
  observer.registered(member);
  observer.said(member, {} as MemberMessage);
  observer.gone(member, undefined);
  observer.refused(member, "no");
  observer.ringChanged(NO_RING);

  expect(told).toEqual(Array(5).fill("dashboard: a bug"));
});
