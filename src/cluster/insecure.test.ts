import { expect, it } from "vitest";
import { isOpenToAll, type Protection } from "./insecure.ts";

const open: Protection = {
  host: undefined,
  authKey: undefined,
  authKeySecondary: undefined,
  clientAuth: false,
  insecure: false,
};

it("A process is open to all that listens beyond its machine and asks for nothing, unless that is meant", () => {
  for (const host of [undefined, "0.0.0.0", "::", "10.0.0.1", "fd00::1"])
    expect(isOpenToAll({ ...open, host })).toBe(true);
  for (const host of ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
    expect(isOpenToAll({ ...open, host })).toBe(false);

  expect(isOpenToAll({ ...open, authKey: "key" })).toBe(false);
  expect(isOpenToAll({ ...open, authKeySecondary: "key" })).toBe(false);
  expect(isOpenToAll({ ...open, clientAuth: true })).toBe(false);
  expect(isOpenToAll({ ...open, insecure: true })).toBe(false);
});
