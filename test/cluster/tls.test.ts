import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect, subscribe } from "../support/client.ts";
import { Cluster, until } from "../support/processes.ts";

const directory = mkdtempSync(join(tmpdir(), "scc-tls-"));
const cert = join(directory, "cert.pem");
const key = join(directory, "key.pem");

/** openssl makes the certificates of these tests; it comes with nearly every system. */
function hasOpenssl(): boolean {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    if (process.env.SCC_TEST_REQUIRE_ALL) throw new Error("openssl is missing: apt-get install -y openssl");
    process.stderr.write("The tests of TLS are skipped: openssl is missing (apt-get install -y openssl)\n");
    return false;
  }
}

describe.runIf(hasOpenssl())("A cluster with TLS between its services", () => {
  beforeAll(() => {
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    execFileSync("openssl", ["req", "-x509", ...newKey, "-keyout", key, "-out", cert, ...subject], {
      stdio: "ignore",
    });
  });

  afterAll(() => rmSync(directory, { recursive: true }));

  const tls = {
    SCC_STATE_SERVER_SECURE: 1,
    SCC_BROKER_SERVER_SECURE: 1,
    SCC_TLS_CERT_FILE: cert,
    SCC_TLS_KEY_FILE: key,
    SCC_TLS_CA_FILE: cert,
    SCC_AUTH_KEY: "key",
  };

  it("carries messages, and registers brokers as wss", async () => {
    const cluster = await Cluster.create(tls);
    cluster.state();
    const broker = await cluster.broker();
    const [first, second] = [await cluster.worker(), await cluster.worker()];
    await Promise.all([first.ready(), second.ready()]);
    const [publisher, subscriber] = [await connect(first.port), await connect(second.port)];
    const received = await subscribe(subscriber, "news");
    await publisher.invokePublish("news", "secret");

    await until("it arrives", () => received.length > 0);
    expect(first.output).toContain(`wss://127.0.0.1:${broker.port}`);
  });

  it("says what is wrong when a member does not trust the certificate, or has none", async () => {
    const cluster = await Cluster.create(tls);
    cluster.state();
    const distrustful = await cluster.worker({ SCC_TLS_CA_FILE: "" });
    const bare = await cluster.broker({ SCC_TLS_CERT_FILE: "", SCC_TLS_KEY_FILE: "" });

    await distrustful.printed("self-signed certificate");
    await until("it ends", () => !bare.running);
    expect(bare.output).toContain("SCC_TLS_CERT_FILE and SCC_TLS_KEY_FILE are required where TLS is spoken");
    expect(bare.process.exitCode).toBe(2);
  });
});
