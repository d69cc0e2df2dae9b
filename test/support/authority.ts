import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** openssl makes the certificates of these tests; it comes with nearly every system. */
export function hasOpenssl(): boolean {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    if (process.env.SCC_TEST_REQUIRE_ALL) throw new Error("openssl is missing: apt-get install -y openssl");
    process.stderr.write("Tests of TLS are skipped: openssl is missing (apt-get install -y openssl)\n");
    return false;
  }
}

/** A certificate and its key, PEM. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

export interface Wishes {
  /** Default: localhost and 127.0.0.1. */
  readonly names?: string;
  /** Days that it is valid, from today; negative: it has expired. Default 30. */
  readonly days?: number;
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Signs certificates, in a directory of its own. */
export class Authority {
  readonly #directory = mkdtempSync(join(tmpdir(), "scc-authority-"));
  #serial = 0;

  constructor() {
    this.#openssl(
      "req",
      "-x509",
      ...NEW_KEY,
      "-days",
      "30",
      "-subj",
      "/CN=authority",
      "-keyout",
      "ca.key",
      "-out",
      "ca.pem",
    );
  }

  /** What members are to trust, PEM. */
  get ca(): string {
    return this.#read("ca.pem");
  }

  issue({ names = "DNS:localhost,IP:127.0.0.1", days = 30 }: Wishes = {}): Issued {
    this.#serial += 1;
    writeFileSync(join(this.#directory, "names"), `subjectAltName=${names}\n`);
    this.#openssl("req", ...NEW_KEY, "-subj", "/CN=member", "-keyout", "key.pem", "-out", "request.pem");
    const signer = ["-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", String(this.#serial)];
    this.#openssl(
      "x509",
      "-req",
      "-in",
      "request.pem",
      ...signer,
      "-days",
      String(days),
      "-extfile",
      "names",
      "-out",
      "cert.pem",
    );
    return { cert: this.#read("cert.pem"), key: this.#read("key.pem") };
  }

  close(): void {
    rmSync(this.#directory, { recursive: true });
  }

  #read(file: string): string {
    return readFileSync(join(this.#directory, file), "utf8");
  }

  #openssl(...args: string[]): void {
    execFileSync("openssl", args, { cwd: this.#directory, stdio: "ignore" });
  }
}
