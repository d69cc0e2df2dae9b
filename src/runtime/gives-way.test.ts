import { expect, it } from "vitest";
import { givesWay } from "./gives-way.ts";

const first = ([network = ""]: string): string => network;

it("Of those who have not logged in, one gives way whose network has most of them", () => {
  expect(givesWay(["a1", "b1", "b2", "c1"], first)).toBe("b1");
  expect(givesWay(["a1", "b1"], first)).toBe("a1");
  expect(givesWay([], first)).toBeUndefined();
});
