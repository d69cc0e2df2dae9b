import { describe, expect, it } from "vitest";
import { type Exchange, isProof, newNonce, nonceIn, proofOf } from "./proof.ts";

const exchange: Exchange = {
  protocol: "scc-link.1",
  target: "one",
  diallersNonce: newNonce(),
  acceptorsNonce: newNonce(),
};

describe("A proof of the key", () => {
  it("holds for one connection, one side of it, one protocol and one instance", () => {
    const proof = proofOf("key", "dialler", exchange);
    const elsewhere: Exchange[] = [
      { ...exchange, protocol: "scc-state.1" },
      { ...exchange, target: "two" },
      { ...exchange, diallersNonce: newNonce() },
      { ...exchange, acceptorsNonce: newNonce() },
      { ...exchange, diallersNonce: exchange.acceptorsNonce, acceptorsNonce: exchange.diallersNonce },
    ];

    expect(isProof(proof, "key", "dialler", exchange)).toBe(true);
    expect(isProof(proof, "key", "acceptor", exchange)).toBe(false);
    expect(isProof(proof, "another", "dialler", exchange)).toBe(false);
    expect(elsewhere.map((other) => isProof(proof, "key", "dialler", other))).toEqual(Array(5).fill(false));
  });

  it("is nothing that is shorter, longer or empty", () => {
    const proof = proofOf("key", "dialler", exchange);

    for (const said of ["", proof.slice(1), `${proof}0`, proof.toUpperCase(), "é".repeat(32)])
      expect(isProof(said, "key", "dialler", exchange)).toBe(false);
  });

  it("needs nonces of the full length", () => {
    expect(nonceIn({ "scc-nonce": newNonce() })).toMatch(/^[0-9a-f]{64}$/);
    expect(nonceIn({ "scc-nonce": "0" })).toBeUndefined();
    expect(nonceIn({})).toBeUndefined();
  });
});
