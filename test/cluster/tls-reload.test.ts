import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Authority, hasOpenssl, type Issued } from "../support/authority.ts";
import { connect, subscribe } from "../support/client.ts";
import { Cluster, type Service, until } from "../support/processes.ts";

describe.runIf(hasOpenssl())("A cluster whose members show each other certificates", () => {
  let authority: Authority;
  let directory: string;

  beforeAll(() => {
    authority = new Authority();
    directory = mkdtempSync(join(tmpdir(), "scc-tls-reload-"));
  });

  afterAll(() => {
    authority.close();
    rmSync(directory, { recursive: true });
  });

  /** A secret as Kubernetes mounts it: files in a directory that is a link, which is swapped. */
  function mount(version: string, { cert, key }: Issued): void {
    const data = join(directory, version);
    mkdirSync(data);
    writeFileSync(join(data, "tls.crt"), cert);
    writeFileSync(join(data, "tls.key"), key);
    writeFileSync(join(data, "ca.crt"), authority.ca);
    symlinkSync(version, join(directory, "..data.new"));
    renameSync(join(directory, "..data.new"), join(directory, "..data"));
  }

  const tls = () => ({
    SCC_STATE_SERVER_SECURE: 1,
    SCC_BROKER_SERVER_SECURE: 1,
    SCC_TLS_CLIENT_AUTH: 1,
    SCC_TLS_CERT_FILE: join(directory, "..data/tls.crt"),
    SCC_TLS_KEY_FILE: join(directory, "..data/tls.key"),
    SCC_TLS_CA_FILE: join(directory, "..data/ca.crt"),
  });

  /** The certificate that a service shows to who connects now. */
  const serialOf = ({ port }: Service): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connectTls({ port, host: "127.0.0.1", ca: authority.ca }, () => {
        resolve(socket.getPeerCertificate().serialNumber);
        socket.destroy();
      });
      socket.on("error", reject);
    });

  it("shows new ones when the files change, without losing a connection or a message", async () => {
    mount("v1", authority.issue());
    const cluster = await Cluster.create(tls());
    const state = cluster.state();
    const broker = await cluster.broker();
    const workers = [await cluster.worker(), await cluster.worker()];
    await Promise.all(workers.map((worker) => worker.ready()));
    const [publisher, subscriber] = await Promise.all(workers.map(({ port }) => connect(port)));
    const received = await subscribe(subscriber!, "news");
    await publisher!.invokePublish("news", 1);
    const before = await serialOf(broker);

    const all = [state, broker, ...workers];
    const said = all.map(({ output }) => output.length);
    mount("v2", authority.issue());
    await Promise.all(all.map((service) => service.printed("certificates read anew")));
    await publisher!.invokePublish("news", 2);
    await until("both have arrived", () => received.length === 2);
    expect(await serialOf(broker)).not.toBe(before);
    expect(await serialOf(state)).toBe(await serialOf(broker));
    // Who comes now shows the new one, and is shown the new one.
    await (await cluster.worker()).ready();

    const since = all.map(({ output }, index) => output.slice(said[index])).join();
    expect(since).not.toMatch(/lost link|lost scc-state|cannot reach/);
  });

  it("lets nobody in who shows none, or a stranger's, and says so there", async () => {
    mount("v3", authority.issue());
    const stranger = new Authority();
    const { cert, key } = stranger.issue();
    stranger.close();
    const [certFile, keyFile] = [join(directory, "stranger.crt"), join(directory, "stranger.key")];
    writeFileSync(certFile, cert);
    writeFileSync(keyFile, key);
    const cluster = await Cluster.create(tls());
    const state = cluster.state();
    const bare = await cluster.worker({ SCC_TLS_CERT_FILE: "", SCC_TLS_KEY_FILE: "" });
    const foreign = await cluster.worker({ SCC_TLS_CERT_FILE: certFile, SCC_TLS_KEY_FILE: keyFile });

    await bare.printed("no certificate is shown: set SCC_TLS_CERT_FILE and SCC_TLS_KEY_FILE");
    await foreign.printed("the certificate that is shown (SCC_TLS_CERT_FILE) is not accepted");
    await state.printed("connection refused");
    expect(state.output).not.toContain("member registered");
  });
});
