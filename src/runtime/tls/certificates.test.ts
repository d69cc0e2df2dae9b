import { once } from "node:events";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer as createPlainServer, request, type Server } from "node:http";
import { request as requestTls } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Authority, hasOpenssl, type Issued } from "../../../test/support/authority.ts";
import { HttpConnections } from "../http/http-connections.ts";
import type { Logger } from "../log.ts";
import { Certificates } from "./certificates.ts";
import { certificateTrouble, createHttpServer } from "./tls.ts";
import { tlsAdvice } from "./tls-advice.ts";

const lines: { msg: string; [field: string]: unknown }[] = [];
const note = (msg: string, fields = {}): void => void lines.push({ msg, ...fields });
const log: Logger = { debug: note, info: note, warn: note, error: note };

describe.runIf(hasOpenssl())("Certificates", () => {
  let authority: Authority;
  let other: Authority;
  let first: Issued;
  let second: Issued;
  let directory: string;
  const open: { close(): void }[] = [];

  beforeAll(() => {
    [authority, other] = [new Authority(), new Authority()];
    [first, second] = [authority.issue(), authority.issue({ days: 60 })];
  });

  afterAll(() => {
    authority.close();
    other.close();
  });

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "scc-certificates-"));
    lines.length = 0;
  });

  afterEach(() => {
    for (const each of open.splice(0)) each.close();
    rmSync(directory, { recursive: true });
  });

  /** A secret as Kubernetes mounts it: files are links into a directory that is a link, which is swapped. */
  function mount(version: string, { cert, key }: Issued, ca = authority.ca): void {
    const data = join(directory, version);
    mkdirSync(data);
    writeFileSync(join(data, "tls.crt"), cert);
    writeFileSync(join(data, "tls.key"), key);
    writeFileSync(join(data, "ca.crt"), ca);
    symlinkSync(version, join(directory, "..data.new"));
    renameSync(join(directory, "..data.new"), join(directory, "..data"));
  }

  const files = () => ({
    tlsCertFile: join(directory, "..data/tls.crt"),
    tlsKeyFile: join(directory, "..data/tls.key"),
    tlsCaFile: join(directory, "..data/ca.crt"),
  });

  async function serve(certificates: Certificates, clientAuth = false): Promise<number> {
    const connections = new HttpConnections();
    const server: Server = createHttpServer({ isSecure: true, certificates, clientAuth, connections });
    server.on("request", (asked, response) => response.end(certificateTrouble(asked) ?? "member"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    open.push({
      close: () => {
        server.closeAllConnections();
        server.close();
      },
    });
    return (server.address() as AddressInfo).port;
  }

  async function dial(port: number, options: object = {}): Promise<TLSSocket> {
    const socket = connect({ port, host: "127.0.0.1", ca: authority.ca, ...options });
    socket.on("error", () => {}); // it is told by `once`
    open.push({ close: () => socket.destroy() });
    await once(socket, "secureConnect");
    return socket;
  }

  const serialOf = (socket: TLSSocket): string => socket.getPeerCertificate().serialNumber;

  function ask(port: number, options: object = {}): Promise<string> {
    return new Promise((resolve, reject) => {
      const call = requestTls(
        { port, host: "127.0.0.1", ca: authority.ca, agent: false, ...options },
        (response) => {
          let text = "";
          response.on("data", (chunk) => {
            text += chunk;
          });
          response.on("end", () => resolve(text));
        },
      );
      call.on("error", reject).end();
    });
  }

  it("are shown anew when the directory is swapped, and connections that are there stay", async () => {
    mount("v1", first);
    const certificates = new Certificates(files());
    const port = await serve(certificates);
    const before = await dial(port);
    mount("v2", second);
    await certificates.look(log);
    const after = await dial(port);

    expect(serialOf(after)).not.toBe(serialOf(before));
    expect(certificates.current.cert).toBe(second.cert);
    expect(lines).toMatchObject([{ msg: "certificates read anew" }]);
    before.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    const [answer] = (await once(before, "data")) as [Buffer];
    expect(answer.toString()).toContain("200 OK");
  });

  it.each([
    ["a key of another certificate", () => ({ cert: second.cert, key: first.key }), "is not the key of"],
    [
      "half of a certificate",
      () => ({ cert: second.cert.slice(0, 300), key: second.key }),
      "ends in the middle of",
    ],
    ["an empty file", () => ({ cert: "", key: second.key }), "holds no certificate"],
    ["half of a key", () => ({ cert: second.cert, key: second.key.slice(0, 60) }), "SCC_TLS_KEY_FILE"],
  ])(
    "that make no sense (%s) are not taken, which is said once it lasts, and mended ones are",
    async (_what, broken, reason) => {
      mount("v1", first);
      const certificates = new Certificates(files());
      const port = await serve(certificates);
      mount("v2", broken());
      await certificates.look(log);
      expect(lines).toEqual([]); // perhaps somebody is just writing
      await certificates.look(log);
      await certificates.look(log);

      expect(lines).toEqual([
        {
          msg: "certificates have changed and cannot be used: those from before stay in use",
          reason: expect.stringContaining(reason),
        },
      ]);
      expect(certificates.current.cert).toBe(first.cert);
      await dial(port);
      mount("v3", second);
      await certificates.look(log);
      expect(certificates.current.cert).toBe(second.cert);
    },
  );

  it("that are gone, or of whom to trust, are seen too", async () => {
    mount("v1", first);
    const certificates = new Certificates(files());
    rmSync(join(directory, "..data"));
    await certificates.look(log);
    await certificates.look(log);
    expect(lines).toHaveLength(1);
    expect(certificates.current.ca).toBe(authority.ca);
    mount("v2", first, other.ca);
    await certificates.look(log);

    expect(certificates.current.ca).toBe(other.ca);
  });

  it("are refused at start with the name of the variable and what is wrong", () => {
    mount("v1", { cert: first.cert, key: second.key });
    expect(() => new Certificates(files())).toThrow("SCC_TLS_KEY_FILE is not the key of the certificate");
    mount("v2", first, "nothing");
    expect(() => new Certificates(files())).toThrow("SCC_TLS_CA_FILE holds no certificate in PEM format");
    expect(() => new Certificates({ ...files(), tlsKeyFile: undefined })).toThrow("are needed both, or none");
    expect(() => new Certificates({ ...files(), tlsCaFile: "/nowhere" })).toThrow("/nowhere");
  });

  it("that expire are announced, and those that have", async () => {
    mount("v1", authority.issue({ days: 3 }));
    const certificates = new Certificates(files());
    await certificates.look(log);
    await certificates.look(log);
    expect(lines.map(({ msg }) => msg)).toEqual([
      "the certificate expires soon: renew the files SCC_TLS_CERT_FILE and SCC_TLS_KEY_FILE",
    ]);
    mount("v2", authority.issue({ days: -1 }));
    await certificates.look(log);

    expect(lines.at(-1)?.msg).toContain("has expired");
  });

  it("of members are asked for with SCC_TLS_CLIENT_AUTH: none, and a stranger's, are told apart", async () => {
    mount("v1", first);
    const certificates = new Certificates(files());
    const port = await serve(certificates, true);

    expect(await ask(port)).toContain("no certificate is shown: set SCC_TLS_CERT_FILE");
    expect(await ask(port, other.issue())).toContain("is not accepted");
    expect(await ask(port, authority.issue({ days: -1 }))).toContain("CERT_HAS_EXPIRED");
    expect(await ask(port, second)).toBe("member");
    mount("v2", first, other.ca);
    await certificates.look(log);
    expect(await ask(port, other.issue())).toBe("member");
    expect(await ask(port, second)).toContain("is not accepted");
  });

  it("of members cannot be asked for without TLS, or without knowing who has to have signed them", () => {
    mount("v1", first);
    const certificates = new Certificates(files());
    const alone = new Certificates({ ...files(), tlsCaFile: undefined });

    const options = { clientAuth: true, connections: new HttpConnections() };
    expect(() => createHttpServer({ isSecure: false, certificates, ...options })).toThrow(
      "SCC_TLS_CLIENT_AUTH needs a service that speaks TLS",
    );
    expect(() => createHttpServer({ isSecure: true, certificates: alone, ...options })).toThrow(
      "SCC_TLS_CLIENT_AUTH needs SCC_TLS_CA_FILE",
    );
  });

  it("that do not fit are met with what to do about it", async () => {
    const failure = async (issued: Issued, options: object = {}): Promise<string | undefined> => {
      mount(`v${Math.random()}`, issued);
      const port = await serve(new Certificates(files()));
      const error: NodeJS.ErrnoException = await dial(port, options).catch((thrown) => thrown);
      return tlsAdvice(error.code, true);
    };

    expect(await failure(first, { ca: other.ca })).toContain("set SCC_TLS_CA_FILE");
    expect(await failure(first, { ca: undefined })).toContain("set SCC_TLS_CA_FILE");
    expect(await failure(authority.issue({ days: -1 }))).toContain("has expired");
    expect(await failure(authority.issue({ names: "DNS:elsewhere" }))).toContain("subjectAltName");
  });

  it("are not what is wrong where one side speaks TLS and the other does not, which is said", async () => {
    mount("v1", first);
    const secure = await serve(new Certificates(files()));
    const plain = createPlainServer().listen(0, "127.0.0.1");
    await once(plain, "listening");
    open.push(plain);
    const toPlain = await dial((plain.address() as AddressInfo).port).catch((error) => error);
    expect(tlsAdvice(toPlain.code, true)).toContain("no TLS is spoken there");
    const call = request({ port: secure, host: "127.0.0.1", agent: false }).end();
    const [toSecure] = (await once(call, "error")) as [NodeJS.ErrnoException];

    expect(tlsAdvice(toSecure.code, false)).toContain("set SCC_STATE_SERVER_SECURE");
  });
});
