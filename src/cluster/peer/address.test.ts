import { describe, expect, it } from "vitest";
import { memberUri, RegistrationError } from "./address.ts";

const announced = (ip: string | undefined) => ({ ip, family: undefined, secure: false, port: "8888" });

describe("The address of a member", () => {
  it("is where its connection comes from, or what it announces", () => {
    expect(memberUri(announced(undefined), "::ffff:10.0.0.1")).toBe("ws://10.0.0.1:8888");
    expect(memberUri(announced("broker-1.example.com"), "10.0.0.1")).toBe("ws://broker-1.example.com:8888");
    expect(memberUri(announced("127.0.0.1"), "::1")).toBe("ws://127.0.0.1:8888");
    expect(memberUri(announced("fe80::1"), "fe80::2")).toBe("ws://[fe80::1]:8888");
  });

  it("is none that means something else to others: their own machine, or a cloud's service of metadata", () => {
    for (const ip of [
      "127.0.0.1",
      "::1",
      "::ffff:127.0.0.1",
      "localhost",
      "a.localhost",
      "169.254.169.254",
      "fe80::1",
    ])
      expect(() => memberUri(announced(ip), "10.0.0.1"), ip).toThrow(RegistrationError);
  });
});
