import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Server } from "node:http";
import { createSecureContext, Server as TlsServer } from "node:tls";
import type { Clock, Timer } from "../clock.ts";
import { ConfigError } from "../errors.ts";
import type { Logger } from "../log.ts";

/** Where a process finds its certificate, its key and those whom it trusts; PEM. */
export interface TlsFiles {
  readonly tlsCertFile: string | undefined;
  readonly tlsKeyFile: string | undefined;
  readonly tlsCaFile: string | undefined;
}

/** What is shown to others and what is trusted, PEM; `ca` undefined: whom the system trusts. */
export interface Credentials {
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly ca?: string | undefined;
}

/** How often the files are looked at, ms. */
const LOOK_MS = 5000;
const DAY_MS = 86_400_000;
/** It is said when the certificate has fewer days left than these, once each. */
const WARN_DAYS = [7, 1, 0];
const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * A process's certificate, its key and whom it trusts, as the files say now. They are read again and again rather
 * than watched: a secret of Kubernetes is a symbolic link to a directory that is swapped as a whole, which says
 * nothing to who watches a file; and what is compared is what stands in them. Half of a file, or a key that does not
 * belong to the certificate, is not taken: what was there before stays in use.
 */
export class Certificates {
  readonly #files: TlsFiles;
  readonly #servers: TlsServer[] = [];
  #credentials: Credentials;
  /** What was read and not taken, and whether that was said. */
  #refused: { readonly text: string; isSaid: boolean } | undefined;
  #warnedDays = Infinity;

  /** @throws {ConfigError} if a file cannot be read, or makes no sense */
  constructor(files: TlsFiles) {
    this.#files = files;
    const { tlsCertFile, tlsKeyFile, tlsCaFile } = files;
    if ((tlsCertFile === undefined) !== (tlsKeyFile === undefined))
      throw new ConfigError(["SCC_TLS_CERT_FILE and SCC_TLS_KEY_FILE are needed both, or none"]);
    const read = (file: string | undefined): string | undefined =>
      file === undefined ? undefined : readFileSync(file, "utf8");
    try {
      this.#credentials = { cert: read(tlsCertFile), key: read(tlsKeyFile), ca: read(tlsCaFile) };
      refuseNonsense(this.#credentials);
    } catch (error) {
      throw new ConfigError([(error as Error).message]);
    }
  }

  /** What holds now. Not to be kept: it changes with the files. */
  get current(): Credentials {
    return this.#credentials;
  }

  get hasOwn(): boolean {
    return this.#credentials.cert !== undefined;
  }

  /** Until when the own certificate is valid, ms since 1970; NaN if there is none. */
  get validUntil(): number {
    const { cert } = this.#credentials;
    return cert === undefined ? Number.NaN : Date.parse(new X509Certificate(cert).validTo);
  }

  /** From here on a server shows what holds, to whoever connects next. Connections that are there stay. */
  keepCurrent(server: Server): void {
    if (server instanceof TlsServer) this.#servers.push(server);
  }

  /** Looks at the files from now on. The timer keeps no process alive. */
  watch(clock: Clock, log: Logger): Timer {
    this.#warnOfEnd(log);
    let isLooking = false;
    return clock.every(LOOK_MS, () => {
      // A file system that hangs is not asked again meanwhile.
      if (isLooking) return;
      isLooking = true;
      void this.look(log).finally(() => {
        isLooking = false;
      });
    });
  }

  /** Looks at the files once, and takes what is new. Never rejects. */
  async look(log: Logger): Promise<void> {
    const { tlsCertFile, tlsKeyFile, tlsCaFile } = this.#files;
    const read = async (file: string | undefined): Promise<string | undefined> =>
      file === undefined ? undefined : readFile(file, "utf8");
    try {
      // One after the other: where all are gone it is always the same one that is named.
      const cert = await read(tlsCertFile);
      const key = await read(tlsKeyFile);
      this.#take({ cert, key, ca: await read(tlsCaFile) }, log);
    } catch (error) {
      this.#refuse((error as Error).message, log);
    }
    this.#warnOfEnd(log);
  }

  /** @throws {Error} if what was read cannot be used */
  #take(read: Credentials, log: Logger): void {
    const { cert, key, ca } = this.#credentials;
    if (read.cert === cert && read.key === key && read.ca === ca) {
      this.#refused = undefined;
      return;
    }
    refuseNonsense(read);
    this.#credentials = read;
    this.#refused = undefined;
    this.#warnedDays = Infinity;
    for (const server of this.#servers) server.setSecureContext({ ...read });
    log.info("certificates read anew", this.hasOwn ? { validUntil: this.#validUntilText } : {});
  }

  /** The first time it may be that files are just being replaced, one after the other. */
  #refuse(text: string, log: Logger): void {
    if (this.#refused?.text !== text) this.#refused = { text, isSaid: false };
    else if (!this.#refused.isSaid) {
      this.#refused.isSaid = true;
      log.warn("certificates have changed and cannot be used: those from before stay in use", {
        reason: text,
      });
    }
  }

  #warnOfEnd(log: Logger): void {
    const days = (this.validUntil - Date.now()) / DAY_MS;
    const passed = WARN_DAYS.findLast((limit) => days <= limit);
    if (passed === undefined || passed >= this.#warnedDays) return;
    this.#warnedDays = passed;
    const text =
      passed === 0
        ? "the certificate has expired: others refuse it; renew the files SCC_TLS_CERT_FILE, SCC_TLS_KEY_FILE"
        : "the certificate expires soon: renew the files SCC_TLS_CERT_FILE and SCC_TLS_KEY_FILE";
    log.warn(text, { validUntil: this.#validUntilText });
  }

  get #validUntilText(): string {
    return new Date(this.validUntil).toISOString();
  }
}

/** @throws {Error} naming the variable whose file makes no sense, and what is wrong */
function refuseNonsense({ cert, key, ca }: Credentials): void {
  if (cert !== undefined) refuseBadPem("SCC_TLS_CERT_FILE", cert);
  if (ca !== undefined) refuseBadPem("SCC_TLS_CA_FILE", ca);
  if (cert === undefined) return;
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    const { message } = error as Error;
    if (message.includes("key values mismatch"))
      throw new Error("SCC_TLS_KEY_FILE is not the key of the certificate in SCC_TLS_CERT_FILE");
    throw new Error(`SCC_TLS_CERT_FILE, SCC_TLS_KEY_FILE: ${message}`);
  }
}

function refuseBadPem(variable: string, pem: string): void {
  const certificates = pem.match(PEM) ?? [];
  const begun = pem.split("-----BEGIN CERTIFICATE-----").length - 1;
  if (begun === 0) throw new Error(`${variable} holds no certificate in PEM format`);
  if (certificates.length !== begun) throw new Error(`${variable} ends in the middle of a certificate`);
  for (const certificate of certificates) {
    try {
      new X509Certificate(certificate);
    } catch (error) {
      throw new Error(`${variable} holds a certificate that cannot be read: ${(error as Error).message}`);
    }
  }
}
