import { describe, expect, it } from "vitest";
import { LoginLimit } from "./login-limit.ts";

describe("The limit of logins", () => {
  it("gives an address five tries, and then one every ten seconds", () => {
    const limit = new LoginLimit();
    for (let n = 0; n < 5; n++) expect(limit.take("10.0.0.1", 0)).toBe(0);
    expect(limit.take("10.0.0.1", 0)).toBe(10_000);
    expect(limit.take("10.0.0.1", 4000)).toBe(6000);
    expect(limit.take("10.0.0.1", 10_000)).toBe(0);
    expect(limit.take("10.0.0.1", 10_000)).toBe(10_000);
    expect(limit.take("10.0.0.2", 10_000)).toBe(0);
  });

  it("takes a network of IPv6 for one address, and IPv4 as it is", () => {
    const limit = new LoginLimit();
    for (let n = 0; n < 5; n++) limit.take(`2001:db8:0:1::${n}`, 0);
    expect(limit.take("2001:db8::1:2:3:4:5", 0)).toBeGreaterThan(0);
    expect(limit.take("2001:db8:0:2::1", 0)).toBe(0);
    for (let n = 0; n < 5; n++) limit.take("::ffff:10.0.0.1", 0);
    expect(limit.take("10.0.0.1", 0)).toBeGreaterThan(0);
  });

  it("lets nobody who guesses keep out who has the key, from however many addresses", () => {
    const limit = new LoginLimit();
    for (let n = 0; n < 1000; n++)
      for (let guess = 0; guess < 10; guess++) limit.take(`10.1.${n >> 8}.${n & 255}`, 0);

    expect(limit.take("10.0.0.1", 0)).toBe(0);
  });

  it("bounds the tries of a site of IPv6, and what it remembers", () => {
    const limit = new LoginLimit();
    let tries = 0;
    for (let n = 0; n < 1000; n++) if (limit.take(`2001:db8:0:${n.toString(16)}::1`, 0) === 0) tries += 1;
    for (let n = 0; n < 20_000; n++) limit.take(`10.1.${n >> 8}.${n & 255}`, 0);

    expect(tries).toBe(200);
    expect(limit.take("2001:db8:1::1", 0)).toBe(0);
    expect(limit.size).toBe(10_000);
  });

  it("forgets an address that has the key", () => {
    const limit = new LoginLimit();
    for (let n = 0; n < 5; n++) limit.take("10.0.0.1", 0);
    limit.succeeded("10.0.0.1");
    expect(limit.take("10.0.0.1", 0)).toBe(0);
  });
});
