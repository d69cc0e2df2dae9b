import { createSecretKey, generateKeyPairSync } from "node:crypto";
import { createRequire } from "node:module";
import AuthEngine from "ag-auth";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Tokens } from "./tokens.ts";

// What the engine verifies with, to see whether it is asked.
const jsonWebToken = createRequire(createRequire(import.meta.url).resolve("ag-auth"))("jsonwebtoken") as {
  verify(): void;
};
const KEY = "a secret that nobody knows";
const NOW_S = 2_000_000_000;
const engine = new AuthEngine();
const sign = (payload: object, key: unknown = KEY, options: object = {}): Promise<string> =>
  engine.signToken({ user: "ann", ...payload }, key, options);

beforeEach(() => void vi.useFakeTimers({ now: NOW_S * 1000, toFake: ["Date"] }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("A token that was verified", () => {
  it("is not verified again, whoever presents it", async () => {
    const { tokens, verifications } = counted({ authKey: KEY });
    const token = await sign({ exp: NOW_S + 60 });

    const first = await tokens.check(token, undefined);
    const second = await tokens.check(`${token}`, undefined);

    expect(second).toEqual(first);
    expect(second).toMatchObject({ authState: "authenticated", authToken: { user: "ann", exp: NOW_S + 60 } });
    expect(verifications()).toBe(1);
  });

  it("is a value of its own for each who asks", async () => {
    const { tokens } = counted({ authKey: KEY });
    const token = await sign({ rooms: ["a"] });

    const checks = [];
    for (let i = 0; i < 3; i += 1) {
      const { authToken } = await tokens.check(token, undefined);
      (authToken as { rooms: string[] }).rooms.push("b");
      checks.push(authToken);
    }

    expect(checks).toEqual(Array(3).fill(expect.objectContaining({ rooms: ["a", "b"] })));
  });

  it("says what a fresh verification says, whatever is in it", async () => {
    const payload = { text: "Grüße 👋", list: [1, { a: null }], nbf: NOW_S - 1 };
    const { tokens, verifications } = counted({ authKey: KEY });
    const token = await sign(payload);
    const untyped = await sign(payload, KEY, { header: { typ: undefined } });

    for (const each of [token, untyped]) {
      await tokens.check(each, undefined);
      const before = verifications();
      const { authToken } = await tokens.check(each, undefined);
      expect(verifications()).toBe(before);
      expect(authToken).toStrictEqual(await engine.verifyToken(each, KEY, {}));
    }
  });

  it("is refused as soon as it has expired, in the words of a fresh verification", async () => {
    const { tokens } = counted({ authKey: KEY });
    const fresh = new Tokens({ authKey: KEY, authTokenCacheSize: 0 });
    const token = await sign({ exp: NOW_S + 60 });

    vi.setSystemTime((NOW_S + 60) * 1000 - 1);
    await tokens.check(token, undefined);
    expect(await tokens.check(token, undefined)).toMatchObject({ authState: "authenticated" });
    vi.setSystemTime((NOW_S + 60) * 1000);
    const late = await tokens.check(token, undefined);

    expect(late).toEqual(await fresh.check(token, undefined));
    expect(late.authTokenError).toMatchObject({
      name: "AuthTokenExpiredError",
      message: "jwt expired",
      isBadToken: true,
      expiry: new Date((NOW_S + 60) * 1000),
    });
  });

  it("is refused when the clock is put back to before it counts, and good again after", async () => {
    const { tokens } = counted({ authKey: KEY });
    const token = await sign({ nbf: NOW_S });

    expect(await tokens.check(token, undefined)).toMatchObject({ authState: "authenticated" });
    vi.setSystemTime((NOW_S - 1) * 1000);
    const early = await tokens.check(token, undefined);
    vi.setSystemTime(NOW_S * 1000);

    expect(early.authTokenError).toMatchObject({ name: "AuthTokenNotBeforeError", isBadToken: false });
    expect(await tokens.check(token, undefined)).toMatchObject({ authState: "authenticated" });
  });

  it("is not good under another key, or for other algorithms", async () => {
    const tokens = new Tokens({ authKey: KEY, authVerifyAlgorithms: ["HS256"] });
    const token = await sign({});
    const accepted = async (): Promise<boolean> =>
      (await tokens.check(token, undefined)).authState === "authenticated";
    expect(await accepted()).toBe(true);

    tokens.verificationKey = "another";
    expect(await accepted()).toBe(false);
    tokens.verificationKey = KEY;
    expect(await accepted()).toBe(true);
    const algorithms = tokens.verificationOptions.algorithms as string[];
    algorithms[0] = "HS512";
    expect(await accepted()).toBe(false);
    algorithms.push("HS256");
    expect(await accepted()).toBe(true);
  });

  it("is not good under a key whose bytes were written over", async () => {
    const key = Buffer.from(KEY);
    const tokens = new Tokens({ authKey: key });
    const token = await sign({});

    expect((await tokens.check(token, undefined)).authState).toBe("authenticated");
    key.fill(0);

    expect((await tokens.check(token, undefined)).authTokenError?.message).toBe("invalid signature");
  });

  it("is verified each time where the application asks for more than a signature", async () => {
    const { tokens, verifications } = counted({ authKey: KEY });
    const token = await sign({ iat: NOW_S });
    await tokens.check(token, undefined);
    Object.assign(tokens.verificationOptions, { maxAge: "10s" });

    expect((await tokens.check(token, undefined)).authState).toBe("authenticated");
    vi.setSystemTime((NOW_S + 10) * 1000);

    expect((await tokens.check(token, undefined)).authTokenError).toMatchObject({
      name: "AuthTokenExpiredError",
      message: "maxAge exceeded",
    });
    expect(verifications()).toBe(3);
  });
});

describe("Nothing is remembered", () => {
  it("of a token that is refused", async () => {
    const { tokens, verifications } = counted({ authKey: KEY });
    const token = `${await sign({})}x`;

    const checks = [await tokens.check(token, undefined), await tokens.check(token, undefined)];

    expect(checks[1]?.authTokenError?.message).toBe("invalid signature");
    expect(verifications()).toBe(2);
  });

  it("where the option says so", async () => {
    const { tokens, verifications } = counted({ authKey: KEY, authTokenCacheSize: 0 });
    const token = await sign({});

    for (let i = 0; i < 3; i += 1) await tokens.check(token, undefined);

    expect(verifications()).toBe(3);
  });

  it("where the key is found by a function", async () => {
    let asked = 0;
    const authKey = (_header: object, answer: (error: unknown, key: string) => void): void => {
      asked += 1;
      setImmediate(() => answer(null, KEY));
    };
    const tokens = new Tokens({ authKey });
    const token = await sign({});

    for (let i = 0; i < 2; i += 1) {
      expect((await tokens.check(token, undefined)).authState).toBe("authenticated");
    }

    expect(asked).toBe(2);
  });

  it("by an engine of the application's own, or a changed one", async () => {
    const asked: unknown[] = [];
    const verifyToken = async (token: unknown, key: unknown, options: object): Promise<unknown> => {
      asked.push([token, key, options]);
      return { user: "bob" };
    };
    const tokens = new Tokens({ authKey: KEY });
    const token = await sign({});
    await tokens.check(token, undefined);

    Object.assign(tokens.engine, { verifyToken });
    expect(tokens.isDefault).toBe(false);
    await tokens.check(token, "a socket");
    tokens.engine = { verifyToken, signToken: async () => "" };
    await tokens.check(token, "a socket");

    expect(asked).toEqual(Array(2).fill([token, KEY, { socket: "a socket" }]));
  });
});

describe("Keys", () => {
  it("sign and verify, whatever they are given as", async () => {
    const pem = { type: "spki", format: "pem" } as const;
    const { publicKey, privateKey } = generateKeyPairSync("ec", {
      namedCurve: "P-256",
      publicKeyEncoding: pem,
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
    });
    const pair = { authAlgorithm: "ES256", authPrivateKey: privateKey, authPublicKey: publicKey };
    const asBytes = { authPrivateKey: Buffer.from(privateKey), authPublicKey: Buffer.from(publicKey) };
    const secret = createSecretKey(Buffer.from(KEY));

    for (const [options, algorithm] of [
      [pair, "ES256"],
      [{ ...pair, ...asBytes }, "ES256"],
      [{ authKey: KEY }, "HS256"],
      [{ authKey: Buffer.from(KEY) }, "HS256"],
      [{ authKey: secret }, "HS256"],
    ] as const) {
      const tokens = new Tokens(options);
      const token = await tokens.sign({ user: "ann" }, { algorithm });
      expect(await tokens.check(token, undefined)).toMatchObject({ authToken: { user: "ann" } });
      expect(await tokens.check(token, undefined)).toMatchObject({ authToken: { user: "ann" } });
    }
  });

  it("that are none are refused in the engine's own words", async () => {
    const token = await sign({});
    const keys = [null, "", 7, {}, "-----BEGIN PUBLIC KEY-----\nnonsense\n-----END PUBLIC KEY-----"];
    for (const verificationKey of keys) {
      const tokens = new Tokens({ authKey: KEY });
      tokens.verificationKey = verificationKey;
      tokens.signatureKey = verificationKey;
      const { authTokenError } = await tokens.check(token, undefined);
      const fresh = await engine
        .verifyToken(token, verificationKey, {})
        .catch((error: Error) => error.message);
      const signed = (by: Promise<string>): Promise<string> => by.catch((error: Error) => error.message);

      expect(authTokenError?.message).toBe(fresh);
      expect(await signed(tokens.sign({ iat: 1 }, {}))).toBe(
        await signed(engine.signToken({ iat: 1 }, verificationKey, {})),
      );
    }
  });
});

/** Tokens, and how often the engine verified one. */
function counted(options: ConstructorParameters<typeof Tokens>[0]) {
  const spy = vi.spyOn(jsonWebToken, "verify");
  const tokens = new Tokens(options);
  return { tokens, verifications: () => spy.mock.calls.length };
}
